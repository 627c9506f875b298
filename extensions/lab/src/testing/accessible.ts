/** What axe-core finds in a page's element: contrasts are left out, because jsdom paints nothing. */
import axe from 'axe-core';

/** The sentences of all violations; an accessible element has none. */
export async function faultsOf(element: Element): Promise<string[]> {
  const { violations } = await axe.run(element, {
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } }
  });
  return violations.map(
    one => `${one.id}: ${one.help} (${one.nodes.map(node => node.html).join(', ')})`
  );
}
