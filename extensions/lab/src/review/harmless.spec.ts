import { MimeModel } from '@jupyterlab/rendermime';

import { harmlessRenderers, isOwnImage, reduced } from './harmless';

function asText(html: string): string {
  const holder = document.createElement('div');
  holder.appendChild(reduced(html));
  return holder.innerHTML;
}

describe('HTML of an output', () => {
  it('keeps tables, and of their attributes the spans of cells', () => {
    const html =
      '<style>td{color:red}</style><table border="1" class="dataframe"><thead><tr><th colspan="2" onclick="x()">a' +
      '</th></tr></thead><tbody><tr><td rowspan="two">1</td></tr></tbody></table>';
    expect(asText(html)).toBe(
      '<table><thead><tr><th colspan="2">a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>'
    );
  });

  it.each([
    ['<script>alert(1)</script>text', 'text'],
    ['<img src=x onerror="alert(1)">text', 'text'],
    ['<a href="javascript:alert(1)">text</a>', 'text'],
    ['<svg onload="x()"><script>x()</script><p>no</p></svg>', '<p>no</p>'],
    ['<iframe srcdoc="<script>x()</script>"></iframe>text', 'text'],
    ['<p style="background:url(http://x)">text</p>', '<p>text</p>'],
    ['<link rel=preconnect href="http://x"><base href="http://x"><p>text', '<p>text</p>'],
    ['<custom-thing onclick="x()"><b>text</b></custom-thing>', '<b>text</b>'],
    [
      '<template><script>x()</script></template><form action=x><input autofocus onfocus="x()"></form>t',
      't'
    ],
    [
      '<math><mtext><table><mglyph><style><img src=x onerror="x()"></style></mglyph></table></mtext></math>',
      ''
    ]
  ])('loses what runs or fetches: %s', (html, left) => {
    expect(asText(html)).toBe(left);
  });

  it('is cut where it is too deep or too long', () => {
    const deep = asText('<div>'.repeat(5000) + 'x');
    expect(deep.split('<div>').length - 1).toBeLessThanOrEqual(100);
    const long = asText('<p>x</p>'.repeat(30_000));
    expect(long.split('<p>').length - 1).toBeLessThanOrEqual(10_000);
  });
});

describe('the registry', () => {
  const registry = harmlessRenderers();

  it('knows nothing that runs', () => {
    for (const type of [
      'text/javascript',
      'application/javascript',
      'application/vnd.jupyter.widget-view+json'
    ]) {
      expect(registry.preferredMimeType({ [type]: 'x' }, 'any')).toBeUndefined();
    }
  });

  it.each(['text/markdown', 'text/latex'])('shows %s as its source', async type => {
    const text = '![a](http://127.0.0.1:1/x.png) <img src=x onerror="x()">';
    const shown = registry.createRenderer(type);
    await shown.renderModel(new MimeModel({ data: { [type]: text }, trusted: true }));
    expect(shown.node.querySelector('img')).toBeNull();
    expect(shown.node.textContent).toBe(text);
  });

  it('shows a drawing as an image and never as a part of the page', async () => {
    const shown = registry.createRenderer('image/svg+xml');
    const text = '<svg xmlns="http://www.w3.org/2000/svg" onload="x()"><text>ä</text></svg>';
    await shown.renderModel(new MimeModel({ data: { 'image/svg+xml': text }, trusted: true }));
    expect(shown.node.children).toHaveLength(1);
    expect(isOwnImage(shown.node.querySelector('img')!.getAttribute('src'))).toBe(true);
  });
});

describe('an image', () => {
  it.each([
    null,
    '',
    'http://127.0.0.1/x.png',
    'data:text/html;base64,AAAA',
    'data:image/png,AAAA',
    'javascript:x'
  ])('is shown only where it carries its own bytes: not %s', address => {
    expect(isOwnImage(address)).toBe(false);
  });
});
