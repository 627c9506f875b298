import { aComment } from '../testing/reviews';
import { commentsByCell, diffedCells, type ICellModel, stretches } from './cells';

function model(given: Partial<ICellModel> = {}): ICellModel {
  return {
    added: false,
    deleted: false,
    unchanged: false,
    cellType: 'code',
    source: { base: 'a\nb', remote: 'a\nb\nc' },
    metadata: { base: '{}', remote: '{}' },
    ...given
  };
}

const same = (): ICellModel => model({ unchanged: true });

describe('the cells of a difference', () => {
  it('are numbered as in the submitted notebook: removed ones have no number', () => {
    const cells = diffedCells([same(), model({ deleted: true }), model({ added: true }), model()]);
    expect(cells.map(cell => cell.number)).toEqual([1, null, 2, 3]);
    expect(cells.map(cell => cell.status)).toEqual(['unchanged', 'removed', 'added', 'changed']);
  });

  it('say which tags came and went', () => {
    const metadata = { base: '{"tags": ["test", "a"]}', remote: '{"tags": ["a", "scratch"]}' };
    const [cell] = diffedCells([model({ metadata })]);
    expect([cell.tags, cell.tagsAdded, cell.tagsRemoved]).toEqual([
      ['a', 'scratch'],
      ['scratch'],
      ['test']
    ]);
  });

  it('have no tags where the metadata is anything else', () => {
    for (const text of ['nothing', '{"tags": 3}', '{"tags": [1, {}]}', 'null']) {
      const [cell] = diffedCells([model({ metadata: { base: text, remote: text } })]);
      expect(cell.tags).toEqual([]);
    }
  });

  it('are folded where they are unchanged and nobody spoke of them', () => {
    const cells = diffedCells([same(), same(), model(), same(), same()]);
    const found = stretches(cells, number => number === 4);
    expect(found.map(one => [one.folded, one.cells.map(cell => cell.number)])).toEqual([
      [true, [1, 2]],
      [false, [3, 4]],
      [true, [5]]
    ]);
  });
});

it('comments hang on the cell where they are now', () => {
  const comments = [aComment({ cell: 2, text: 'a' }), aComment(), aComment({ cell: 2, text: 'b' })];
  const found = commentsByCell(comments);
  expect([...found.keys()]).toEqual([2]);
  expect(found.get(2)!.map(comment => comment.text)).toEqual(['a', 'b']);
});
