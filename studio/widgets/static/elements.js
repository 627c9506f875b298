// The only code that makes elements: of names and texts, never of HTML. It stands before each widget's own code in one
// module, so nothing is imported and nothing is fetched.

// Characters that show nothing, or change how others are shown (as studio.notebooks.review.terminal writes them).
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const shown = (text) =>
  String(text ?? '').replace(HIDDEN, (one) => `⟨U+${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`);

/** An element; functions among the attributes listen, null and false leave an attribute out, texts become text nodes. */
function h(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      made.addEventListener(name, value);
    } else if (name === 'value' || name === 'checked' || name === 'disabled' || name === 'hidden') {
      made[name] = value;
    } else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? '' : name === 'title' || name === 'aria-label' ? shown(value) : value);
    }
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined).map(node));
  return made;
}

const node = (child) => (child instanceof Node ? child : document.createTextNode(shown(child)));

/** An element of SVG; its attributes are numbers and names of ours. */
function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

let made = 0;
const freshId = (word) => `studio-${word}-${Date.now().toString(36)}-${(made += 1)}`;

const plural = (count, one, many = `${one}s`) => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

function seconds(given) {
  if (given === null || given === undefined) return '';
  if (given < 60) return `${given.toFixed(1)} s`;
  const whole = Math.round(given);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

const badge = (status, text = status) => h('span', { class: 'studio-status', 'data-status': status }, text);

/** A table; a cell is a text, an element, or {text, class}. The first cell of a row names it. */
function table({ caption = '', head = [], rows, label = '' }) {
  const cell = (tag, content, scope) => {
    const facts = content !== null && typeof content === 'object' && !(content instanceof Node) ? content : { text: content };
    return h(tag, { scope, class: facts.class ?? null }, facts.text);
  };
  return h(
    'div',
    { class: 'studio-scroll', tabindex: '0', role: 'region', 'aria-label': label || caption },
    h(
      'table',
      {},
      caption ? h('caption', {}, caption) : null,
      head.length ? h('thead', {}, h('tr', {}, head.map((one) => cell('th', one, 'col')))) : null,
      h(
        'tbody',
        {},
        rows.map((row) => h('tr', {}, row.map((one, at) => (at ? cell('td', one, null) : cell('th', one, 'row')))))
      )
    )
  );
}

/** Whether the text around is light, so that the page must be dark. */
function isDark(element) {
  const color = getComputedStyle(element).color;
  const found = color.match(/[\d.]+/g);
  if (!found || found.length < 3) return false;
  const [red, green, blue] = found.map((part) => Number(part) * (color.startsWith('color(') ? 255 : 1));
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140;
}

/** Put other children into `content`; who has a `data-key` there keeps the focus, and stays open. */
function replaced(content, children) {
  const at = (key) => content.querySelector(`[data-key="${CSS.escape(key)}"]`);
  const active = content.getRootNode().activeElement;
  const focused = content.contains(active) ? active.dataset.key : undefined;
  const open = [...content.querySelectorAll('details[open][data-key]')].map((one) => one.dataset.key);
  content.replaceChildren(...children);
  open.map(at).forEach((one) => one && (one.open = true));
  if (focused !== undefined) at(focused)?.focus({ preventScroll: true });
}

/**
 * The widget's root in `el`. `draw` is called now and with each change of one of `names`; what it returns replaces the
 * content (undefined: it changed the content itself). The function that comes back ends everything.
 */
function mount({ model, el }, name, names, draw) {
  const content = h('div', { class: 'studio-content' });
  const notice = h('div', { class: 'studio-notice', role: 'status' });
  // Lab's own keys (a new cell, delete it) rest while the focus is in here.
  const root = h('div', { class: `studio-widget studio-${name}`, 'data-lm-suppress-shortcuts': 'true' }, content, notice);
  el.append(root);
  const redraw = () => {
    const made = draw(content);
    if (made !== undefined) replaced(content, [made].flat().filter(Boolean));
  };
  const tell = () => notice.replaceChildren(shown(model.get('notice')));
  const theme = () => {
    const dark = isDark(el);
    root.dataset.theme = dark ? 'dark' : 'light';
    root.style.colorScheme = dark ? 'dark' : 'light';
  };
  const events = names.map((one) => `change:${one}`).join(' ');
  model.on(events, redraw);
  model.on('change:notice', tell);
  const observer = new MutationObserver(theme);
  observer.observe(document.documentElement, { attributes: true });
  observer.observe(document.body, { attributes: true });
  // A theme's style sheet arrives after the attribute that names it.
  const again = setTimeout(theme, 500);
  theme();
  redraw();
  tell();
  return () => {
    clearTimeout(again);
    observer.disconnect();
    model.off(events, redraw);
    model.off('change:notice', tell);
    root.remove();
  };
}
