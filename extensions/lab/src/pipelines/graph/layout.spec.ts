import { aPipeline, aStep } from '../../testing/pipelines';
import { fold } from '../fold';
import { HEIGHT, intoSight, isInSight, label, place, stepId, WIDTH } from './layout';
import { pathThrough } from './path';
import { walk } from './walk';

const graph = fold(aPipeline());
const layout = place(graph, new Set());
const at = (name: string) => layout.nodes.find(node => node.id === stepId(name))!;

describe('the places', () => {
  it('lead from left to right', () => {
    expect(at('load').x + WIDTH).toBeLessThan(at('train').x);
    expect(at('train').x + WIDTH).toBeLessThan(at('report').x);
    expect(layout.nodes.find(node => node.id === 'dataset export')!.x).toBeLessThan(at('load').x);
  });

  it('leave room for an unfolded step', () => {
    const opened = place(graph, new Set(['train']));
    const train = opened.nodes.find(node => node.id === stepId('train'))!;
    expect(train.height).toBeGreaterThan(HEIGHT);
    expect(at('train').height).toBe(HEIGHT);
  });

  it('let arrows begin and end in the middle of a side', () => {
    const arrow = layout.arrows.find(one => one.id === `${stepId('load')} → ${stepId('train')}`)!;
    expect(arrow.points[0]).toEqual({ x: at('load').x + WIDTH, y: at('load').y + HEIGHT / 2 });
    expect(arrow.points.at(-1)).toEqual({ x: at('train').x, y: at('train').y + HEIGHT / 2 });
    expect(arrow.datasets).toEqual(['raw']);
    expect(arrow.order).toBe(false);
    expect(pathThrough(arrow.points)).toMatch(/^M[\d.-]+,[\d.-]+(C[^C]+)+$/);
  });

  it('tell an arrow that only says what comes first', () => {
    const { arrows } = place(
      fold({ steps: [aStep('a'), aStep('b', { needs: ['a'] })] }),
      new Set()
    );
    expect(arrows.map(arrow => arrow.order)).toEqual([true]);
  });

  it('do not lie on each other in a large graph', () => {
    const steps = Array.from({ length: 200 }, (_, index) =>
      aStep(`s${index}`, {
        saves: [`d${index}`],
        loads: index ? [`d${Math.floor(index / 2)}`] : [],
        needs: index ? [`s${Math.floor(index / 2)}`] : []
      })
    ).map((step, index) => (index === 0 ? { ...step, loads: [], needs: [] } : step));
    const { nodes } = place(fold({ steps }), new Set());
    const overlapping = nodes.filter((one, index) =>
      nodes
        .slice(index + 1)
        .some(
          other =>
            one.x < other.x + other.width &&
            other.x < one.x + one.width &&
            one.y < other.y + other.height &&
            other.y < one.y + one.height
        )
    );
    expect(overlapping).toEqual([]);
  });
});

describe('the name on an arrow', () => {
  it('is short where there are many, or one is long', () => {
    expect(label(['raw'])).toBe('raw');
    expect(label(['raw', 'scores', 'other'])).toBe('raw +2');
    expect(label(['x'.repeat(60)])).toHaveLength(26);
  });
});

describe('the keys', () => {
  it('lead along the arrows', () => {
    expect(walk(graph, layout.nodes, 'load', 'ArrowRight')).toBe('train');
    expect(walk(graph, layout.nodes, 'report', 'ArrowLeft')).toBe('train');
    expect(walk(graph, layout.nodes, 'load', 'ArrowLeft')).toBeUndefined();
  });

  it('lead up and down among those that stand together', () => {
    const wide = fold({
      steps: [aStep('a'), aStep('b', { needs: ['a'] }), aStep('c', { needs: ['a'] })]
    });
    const { nodes } = place(wide, new Set());
    const [upper, lower] = ['b', 'c']
      .map(name => nodes.find(node => node.name === name)!)
      .sort((one, other) => one.y - other.y);
    expect(walk(wide, nodes, upper.name, 'ArrowDown')).toBe(lower.name);
    expect(walk(wide, nodes, lower.name, 'ArrowUp')).toBe(upper.name);
    expect(walk(wide, nodes, upper.name, 'ArrowUp')).toBeUndefined();
  });

  it('lead to the first and the last step', () => {
    expect(walk(graph, layout.nodes, 'train', 'Home')).toBe('load');
    expect(walk(graph, layout.nodes, 'train', 'End')).toBe('report');
  });
});

describe('what is out of sight', () => {
  const node = { ...at('load'), x: 1000, y: 20, width: 100, height: 50 };

  it('is moved as little as it takes', () => {
    expect(isInSight(node, [0, 0, 1], 500, 300)).toBe(false);
    const moved = intoSight(node, [0, 0, 1], 500, 300);
    expect(moved).toEqual({ x: 500 - 28 - 1100, y: 8, zoom: 1 });
    expect(isInSight(node, [moved.x, moved.y, 1], 500, 300)).toBe(true);
  });

  it('is moved the other way, too', () => {
    const moved = intoSight(node, [-2000, 0, 1], 500, 300);
    expect(moved.x).toBe(28 - 1000);
  });
});
