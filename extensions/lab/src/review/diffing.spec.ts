import { Widget } from '@lumino/widgets';

import { aCell, FakeReviews } from '../testing/reviews';
import { differenceView } from './diffing';

const ATTACK = '<img src=x onerror="document.title=1"><script>document.title=1</script>';

function outputs(): object[] {
  const bundles = [
    { 'text/html': ATTACK },
    { 'application/javascript': 'document.title=1' },
    { 'text/markdown': ATTACK },
    { 'image/svg+xml': `<svg xmlns="http://www.w3.org/2000/svg">${ATTACK}</svg>` }
  ];
  return bundles.map(data => ({ output_type: 'display_data', metadata: {}, data }));
}

function attach(widget: Widget): HTMLElement {
  Widget.attach(widget, document.body);
  return widget.node;
}

describe('the view of a difference', () => {
  it('shows cells with their status, and folds nothing by itself', async () => {
    const view = differenceView(await new FakeReviews().difference(), undefined, undefined);
    expect(view.cells.map(cell => cell.status)).toEqual(['unchanged', 'changed', 'unchanged']);
    const node = attach(view.show(view.cells[1]));
    expect(node.textContent).toContain('y = 2');
    expect(node.textContent).toContain('y = 3');
    expect(view.metadata).toBeNull();
  });

  it('says what changed in the metadata', async () => {
    const metadata = {
      key: 'metadata',
      op: 'patch',
      diff: [{ key: 'title', op: 'add', value: 'new' }]
    };
    const reviews = new FakeReviews(undefined, undefined, [metadata]);
    const view = differenceView(await reviews.difference(), undefined, undefined);
    const node = attach(view.metadata!());
    const button = node.querySelector('button')!;
    expect(button).toHaveAttribute('aria-expanded', 'false');
    expect(button).toHaveAccessibleName('Notebook metadata changed');
    button.click();
    await Promise.resolve();
    expect(button).toHaveAttribute('aria-expanded', 'true');
  });

  it('shows outputs of others without what runs or fetches, and offers no trust', async () => {
    const added = { key: 0, op: 'addrange', valuelist: [aCell('n', 'x', { outputs: outputs() })] };
    const reviews = new FakeReviews(undefined, [], [{ key: 'cells', op: 'patch', diff: [added] }]);
    const view = differenceView(await reviews.difference(), undefined, undefined);
    const node = attach(view.show(view.cells[0]));
    expect(node.querySelectorAll('.jp-Diff-outputPanel')).toHaveLength(4);
    expect(node.querySelectorAll('script, iframe, object, svg, [onerror]')).toHaveLength(0);
    const sources = [...node.querySelectorAll('img')].map(image =>
      image.getAttribute('src')!.slice(0, 26)
    );
    expect(sources).toEqual(['data:image/svg+xml;base64,']);
    expect(node.querySelector('.jp-Diff-trustOutputButton')).toBeNull();
  });
});
