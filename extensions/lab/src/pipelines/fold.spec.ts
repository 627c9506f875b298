import { aPipeline, aStep } from '../testing/pipelines';
import { fansOut, fold, neighbours, stepOf } from './fold';

describe('a folded pipeline', () => {
  const graph = fold(aPipeline());

  it('has one step for all parts of a fan-out', () => {
    expect(graph.steps.map(step => [step.name, step.parts.length])).toEqual([
      ['load', 1],
      ['train', 3],
      ['report', 1]
    ]);
    expect(graph.steps.map(fansOut)).toEqual([false, true, false]);
  });

  it('has the datasets on its arrows', () => {
    expect(graph.arrows.map(({ from, to, datasets }) => [from, to, datasets])).toEqual([
      ['load', 'train', ['raw']],
      ['train', 'report', ['scores']],
      ['load', 'report', ['raw']]
    ]);
  });

  it('knows what comes from outside and what is made for others', () => {
    expect(graph.byName.get('load')?.sources).toEqual(['export']);
    expect(graph.byName.get('report')?.results).toEqual(['report']);
    expect(graph.byName.get('train')?.results).toEqual([]);
  });

  it('has an arrow without datasets where one only has to come first', () => {
    const { arrows } = fold({ steps: [aStep('one'), aStep('two', { needs: ['one'] })] });
    expect(arrows).toEqual([{ id: 'one → two', from: 'one', to: 'two', datasets: [] }]);
  });

  it('knows the neighbours of a step, and the step of a part', () => {
    expect(neighbours(graph, 'report', 'before')).toEqual(['train', 'load']);
    expect(neighbours(graph, 'load', 'after')).toEqual(['train', 'report']);
    expect(stepOf(graph, 'train[model=tree]')).toBe('train');
    expect(stepOf(graph, 'load')).toBe('load');
    expect(stepOf(graph, 'nothing')).toBe('');
  });
});
