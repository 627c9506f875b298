import { aCell, FakeNotebook } from '../testing/notebooks';
import { isMarked, markOf, parametersCell, targets, toggle } from './marks';

function notebook(...selected: string[]): FakeNotebook {
  const made = new FakeNotebook([
    aCell('imports'),
    aCell('old', { tags: ['parameters', 'keep-output'] }),
    aCell('code', { tags: ['slow'] }),
    aCell('text', { type: 'markdown' })
  ]);
  made.selected = selected;
  return made;
}

const tags = (of: FakeNotebook): { [id: string]: readonly string[] } =>
  Object.fromEntries(of.cells.map(cell => [cell.id, cell.tags]));

describe('a mark', () => {
  it('is put on a cell and taken away again, and other tags stay', () => {
    const one = notebook('code');
    expect(toggle(one, 'test')).toEqual({ on: true, moved: 0 });
    expect(tags(one).code).toEqual(['slow', 'test']);
    expect(isMarked(one, 'test')).toBe(true);
    expect(toggle(one, 'test').on).toBe(false);
    expect(tags(one).code).toEqual(['slow']);
  });

  it('takes the place of another one', () => {
    const one = notebook('old');
    toggle(one, 'scratch');
    expect(tags(one).old).toEqual(['keep-output', 'scratch']);
  });

  it('of parameters is on one cell of a notebook', () => {
    const one = notebook('code');
    expect(toggle(one, 'parameters')).toEqual({ on: true, moved: 2 });
    expect(tags(one)).toEqual({
      imports: [],
      old: ['keep-output'],
      code: ['slow', 'parameters'],
      text: []
    });
    expect(parametersCell(one)?.id).toBe('code');
  });

  it('is on all cells that are selected, but parameters on the first', () => {
    const one = notebook('imports', 'code', 'text');
    expect(targets(one, 'parameters').map(cell => cell.id)).toEqual(['imports']);
    toggle(one, 'scratch');
    expect(Object.values(tags(one)).map(all => all.includes('scratch'))).toEqual([
      true,
      false,
      true,
      true
    ]);
  });

  it('does not fit a cell of text, but for scratch', () => {
    const one = notebook('text');
    expect(targets(one, 'test')).toEqual([]);
    expect(isMarked(one, 'test')).toBe(false);
    expect(targets(one, 'scratch')).toHaveLength(1);
  });

  it('of scratch wins over others', () => {
    expect(markOf(aCell('c', { tags: ['parameters', 'scratch'] }))).toBe('scratch');
    expect(markOf(aCell('c', { tags: ['other'] }))).toBeNull();
  });
});
