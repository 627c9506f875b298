/**
 * Renderers for outputs that others made: nothing of them runs, and nothing is fetched.
 *
 * The notebooks under review are somebody else's data. Lab's own renderers keep scripts out of untrusted outputs but
 * fetch the images of HTML and Markdown, which tells another server who reads what. So reviews have a registry of
 * their own: plain text, images from the notebook's own bytes, and tables that are built anew from the few elements
 * that show data. There is no renderer for JavaScript, and no trust to be given.
 */
import {
  errorRendererFactory,
  imageRendererFactory,
  RenderMimeRegistry,
  textRendererFactory
} from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { ITranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

const KEPT = new Set(
  (
    'table thead tbody tfoot tr th td caption colgroup col p div span b i em strong small sub sup u s ul ol li dl dt dd ' +
    'pre code samp kbd br hr h1 h2 h3 h4 h5 h6 blockquote'
  ).split(' ')
);
// What stands inside these is no text of the output.
const DROPPED = new Set(
  (
    'script style template noscript noembed noframes iframe frame frameset object embed applet svg math title head ' +
    'textarea select option audio video canvas xmp plaintext img input button form link meta base'
  ).split(' ')
);
const DEEPEST = 100;
const MOST_NODES = 20_000;

/** The images that a browser shows without running or fetching anything, as the source of an image element. */
const IMAGE = /^data:image\/(png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=\s]*$/;

/** Whether an address is an image that carries its own bytes. */
export function isOwnImage(address: string | null): address is string {
  return address !== null && IMAGE.test(address);
}

/**
 * The elements of `html` that show data, built anew: no attribute but the spans of cells comes along.
 *
 * `DOMParser` makes a document without a window: in it no script runs and no address is asked.
 */
export function reduced(html: string): DocumentFragment {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  const result = document.createDocumentFragment();
  let left = MOST_NODES;
  // A list of what is to be copied, and no recursion: others say how deep their elements nest.
  const open: [node: Node, to: Node, depth: number][] = [];
  const list = (from: Node, to: Node, depth: number): void => {
    for (let node = from.lastChild; node; node = node.previousSibling) {
      open.push([node, to, depth]);
    }
  };
  list(parsed.body, result, 0);
  while (open.length && left-- > 0) {
    const [node, to, depth] = open.pop()!;
    if (node.nodeType === Node.TEXT_NODE) {
      to.appendChild(document.createTextNode(node.textContent ?? ''));
    } else if (node.nodeType === Node.ELEMENT_NODE) {
      const element = node as Element;
      const name = element.localName.toLowerCase();
      if (DROPPED.has(name)) {
        continue;
      }
      if (KEPT.has(name) && depth < DEEPEST) {
        const made = document.createElement(name);
        copySpans(element, made);
        to.appendChild(made);
        list(element, made, depth + 1);
      } else {
        list(element, to, depth);
      }
    }
  }
  return result;
}

function copySpans(from: Element, to: HTMLElement): void {
  for (const name of ['colspan', 'rowspan']) {
    const value = from.getAttribute(name) ?? '';
    if (/^[0-9]{1,4}$/.test(value)) {
      to.setAttribute(name, value);
    }
  }
}

abstract class Rendered extends Widget implements IRenderMime.IRenderer {
  constructor(private readonly mimeType: string) {
    super();
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const value = model.data[this.mimeType];
    this.node.replaceChildren();
    this.fill(Array.isArray(value) ? value.join('') : String(value ?? ''));
    return Promise.resolve();
  }

  protected abstract fill(text: string): void;
}

class Table extends Rendered {
  protected override fill(text: string): void {
    this.addClass('jp-RenderedHTMLCommon');
    this.addClass('jp-RenderedHTML');
    this.node.appendChild(reduced(text));
  }
}

class Source extends Rendered {
  protected override fill(text: string): void {
    const pre = document.createElement('pre');
    pre.textContent = text;
    this.addClass('jp-RenderedText');
    this.node.appendChild(pre);
  }
}

class Drawing extends Rendered {
  protected override fill(text: string): void {
    // As the source of an image an SVG runs no script and asks for nothing.
    const image = document.createElement('img');
    const bytes = new TextEncoder().encode(text);
    let binary = '';
    bytes.forEach(byte => (binary += String.fromCharCode(byte)));
    image.src = `data:image/svg+xml;base64,${btoa(binary)}`;
    image.alt = '';
    this.addClass('jp-RenderedImage');
    this.node.appendChild(image);
  }
}

type Kind = new (mimeType: string) => Rendered;

function factory(kind: Kind, mimeType: string, rank: number): IRenderMime.IRendererFactory {
  return {
    safe: true,
    mimeTypes: [mimeType],
    defaultRank: rank,
    createRenderer: options => new kind(options.mimeType)
  };
}

/** A registry with nothing in it that could run or fetch something; what it does not know is shown as text. */
export function harmlessRenderers(translator?: ITranslator): RenderMimeRegistry {
  return new RenderMimeRegistry({
    translator,
    initialFactories: [
      factory(Table, 'text/html', 50),
      factory(Drawing, 'image/svg+xml', 80),
      imageRendererFactory,
      errorRendererFactory,
      textRendererFactory,
      // Where there is no plain text, their source is one.
      factory(Source, 'text/markdown', 130),
      factory(Source, 'text/latex', 131)
    ]
  });
}
