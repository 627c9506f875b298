// A form: it shows fields, sends what is entered, and shows what Python says of it. A control is {element, get, set}:
// its entry is a text, an index, a list, null for "no value", or undefined where nothing was entered.

const TEXTS = ['text', 'path', 'secret', 'integer', 'number', 'json'];
const LOCAL = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?(Z|[+-]\d\d:\d\d)?$/;

function control(face, options) {
  if (face.type === 'list' || face.type === 'pairs') return rows(face, options);
  if (face.type === 'choice') return choice(face, face.choices, options);
  if (face.type === 'bool') return face.optional || options.open ? yesNo(face, options) : tick(options);
  if (face.type === 'date') return typed(face, options, 'date');
  if (face.type === 'datetime') return dateTime(face, options);
  return typed(face, options, 'text');
}

/** What an emptied control means: no value where that is allowed, nothing entered elsewhere. */
const emptied = (face, options) => (face.optional ? null : face.type === 'text' && !options.open ? '' : undefined);

function typed(face, options, type) {
  let entry;
  const long = face.type === 'json' || String(options.initial ?? '').includes('\n');
  const change = () => {
    entry = element.value === '' ? emptied(face, options) : element.value;
    options.changed();
  };
  const attributes = {
    id: options.id,
    'aria-label': options.label ?? null,
    'aria-describedby': options.described ?? null,
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: face.type === 'text' ? null : 'false',
    input: change,
    change: options.left,
  };
  const keys = face.negative === false ? { integer: 'numeric', number: 'decimal' }[face.type] : undefined;
  const element = long
    ? h('textarea', { ...attributes, rows: face.type === 'json' ? '3' : '4', class: face.type === 'json' ? 'studio-mono' : null })
    : h('input', { ...attributes, type, inputmode: keys ?? null, max: type === 'date' ? '9999-12-31' : null });
  return {
    element,
    get: () => entry,
    set: (given) => {
      entry = given;
      element.value = given ?? '';
    },
  };
}

function choice(face, choices, options, texts) {
  const value = (at) => (texts ? texts[at] : at);
  const element = h(
    'select',
    {
      id: options.id,
      'aria-label': options.label ?? null,
      'aria-describedby': options.described ?? null,
      change: () => {
        options.changed();
        options.left();
      },
    },
    h('option', { value: '' }, face.optional ? 'No value' : 'Choose …'),
    choices.map((text, at) => h('option', { value: String(at) }, text))
  );
  return {
    element,
    get: () => (element.value === '' ? (face.optional ? null : undefined) : value(Number(element.value))),
    set: (given) => {
      const at = choices.findIndex((_, one) => value(one) === given);
      element.value = at < 0 ? '' : String(at);
      element.firstChild.hidden = at >= 0 && !face.optional;
    },
  };
}

const yesNo = (face, options) => choice(face, ['Yes', 'No'], options, ['true', 'false']);

function tick(options) {
  const element = h('input', {
    id: options.id,
    type: 'checkbox',
    'aria-label': options.label ?? null,
    'aria-describedby': options.described ?? null,
    change: () => {
      options.changed();
      options.left();
    },
  });
  return { element, get: () => String(element.checked), set: (given) => (element.checked = given === 'true') };
}

/** Date and time; the offset from UTC stands in a field of its own, since no browser's own field holds one. */
function dateTime(face, options) {
  let entry;
  const change = () => {
    const offset = zone.value.trim();
    entry = moment.value === '' ? emptied(face, options) : moment.value + offset;
    options.changed();
  };
  const moment = h('input', {
    id: options.id,
    type: 'datetime-local',
    step: 'any',
    max: '9999-12-31T23:59:59',
    'aria-label': options.label ?? null,
    'aria-describedby': options.described ?? null,
    input: change,
    change: options.left,
  });
  const zone = h('input', {
    type: 'text',
    class: 'studio-zone',
    placeholder: 'no zone',
    'aria-label': 'Offset from UTC, such as Z or +01:00',
    title: 'Offset from UTC, such as Z or +01:00; empty for a time without a zone',
    input: change,
    change: options.left,
  });
  return {
    element: h('div', { class: 'studio-moment' }, moment, zone),
    get: () => entry,
    set: (given) => {
      entry = given;
      const found = LOCAL.exec(given ?? '');
      // What no browser's field can hold (microseconds) is edited as a text.
      moment.type = given && !found ? 'text' : 'datetime-local';
      moment.value = found ? `${found[1]}T${found[2] ?? '00:00'}` : (given ?? '');
      zone.value = found?.[3] ?? '';
      zone.hidden = Boolean(given && !found);
    },
  };
}

/** A list of entries, or of pairs of a key and an entry. */
function rows(face, options) {
  const pairs = face.type === 'pairs';
  let held = [];
  let none = false;
  const list = h('ol', { class: 'studio-rows' });
  const inner = (one, at) => ({ label: `${one} ${at + 1}`, changed: options.changed, left: options.left, open: true });
  const row = (entry, at) => {
    const key = pairs ? control(face.key, { ...inner('Name', at), initial: entry?.[0] }) : null;
    const item = control(face.item, { ...inner(pairs ? 'Value' : 'Entry', at), initial: pairs ? entry?.[1] : entry });
    key?.set(entry?.[0]);
    item.set(pairs ? entry?.[1] : entry);
    const get = () => (pairs ? [key.get() ?? null, item.get() ?? null] : (item.get() ?? null));
    return { key, item, get };
  };
  const draw = () => {
    list.replaceChildren(
      ...held.map((one, at) =>
        h('li', {}, one.key?.element, one.item.element, h('button', { type: 'button', 'aria-label': `Remove entry ${at + 1}`, click: () => remove(at) }, '×'))
      )
    );
    list.hidden = add.hidden = none;
    if (without) without.firstChild.checked = none;
  };
  const told = () => {
    draw();
    options.changed();
    options.left();
  };
  const remove = (at) => {
    held = held.map((one) => one.get()).filter((_, one) => one !== at).map(row);
    told();
    (list.children[Math.min(at, held.length - 1)]?.querySelector('button') ?? add).focus();
  };
  const add = h('button', { type: 'button', id: options.id ?? null, 'aria-label': options.label ? `Add to ${options.label}` : null, click: () => {
    held = [...held, row(undefined, held.length)];
    told();
    list.lastChild.querySelector('input, select, textarea, button').focus();
  } }, 'Add');
  const without = face.optional
    ? h('label', { class: 'studio-tick' }, h('input', { type: 'checkbox', change: (event) => {
        none = event.target.checked;
        told();
      } }), 'No value')
    : null;
  return {
    element: h('div', { class: 'studio-list' }, without, list, add),
    get: () => (none ? null : held.map((one) => one.get())),
    set: (given) => {
      none = given === null;
      held = (Array.isArray(given) ? given : []).map(row);
      draw();
    },
  };
}

function field(facts, initial, changed, left) {
  const id = freshId('field');
  const group = facts.face.type === 'list' || facts.face.type === 'pairs';
  const hint = [facts.help, facts.face.hint && shown(facts.face.hint)].filter(Boolean).map(sentence).join(' ');
  const help = h('p', { class: 'studio-help studio-muted', id: `${id}-help`, hidden: !hint }, hint);
  const message = h('p', { class: 'studio-message', id: `${id}-message`, hidden: true });
  const made = control(facts.face, { id, initial, described: `${id}-help ${id}-message`, open: facts.required, changed, left });
  const optional = facts.face.optional ? h('span', { class: 'studio-muted' }, ' (may stay empty)') : null;
  const ticked = facts.face.type === 'bool' && made.element.type === 'checkbox';
  const label = h(group ? 'legend' : 'label', { for: group ? null : id }, facts.label, optional);
  const body = ticked ? [h('div', { class: 'studio-tick' }, made.element, label)] : [label, made.element];
  const element = h(group ? 'fieldset' : 'div', { class: 'studio-field', 'data-field': facts.name }, ...body, help, message);
  return {
    name: facts.name,
    element,
    get: made.get,
    set: made.set,
    say: (text) => {
      message.hidden = !text;
      message.replaceChildren(shown(text ?? ''));
      element.classList.toggle('studio-wrong', Boolean(text));
      element.querySelectorAll('input, select, textarea').forEach((one) => one.setAttribute('aria-invalid', String(Boolean(text))));
    },
    focus: () => element.querySelector('input, select, textarea, button')?.focus(),
  };
}

// JupyterLab takes the line break away from every element inside a cell, and with it what Enter does in a form.
function pressed(event) {
  const field = event.target.matches('input:not([type=checkbox])');
  if (event.key !== 'Enter' || event.isComposing || !field) return;
  event.preventDefault();
  const form = event.target.form;
  if (!form.querySelector('[type=submit]').disabled) form.requestSubmit();
}

function broken(event) {
  const area = event.target;
  if (!event.defaultPrevented || event.inputType !== 'insertLineBreak' || !area.matches('textarea')) return;
  area.setRangeText('\n', area.selectionStart, area.selectionEnd, 'end');
  area.dispatchEvent(new Event('input'));
}

/** A help text as a sentence, such that two of them can stand side by side. */
const sentence = (text) => {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
};

function render({ model, el }) {
  let turn = model.get('_state').turn ?? 0;
  let waiting;
  let asked = false;
  const touched = new Set();
  const entries = () => Object.fromEntries(fields.map((one) => [one.name, one.get()]).filter(([, entry]) => entry !== undefined));
  const send = (verb) => {
    clearTimeout(waiting);
    waiting = undefined;
    model.send({ verb, entries: entries(), turn });
  };
  const changed = () => {
    turn += 1;
    clearTimeout(waiting);
    waiting = setTimeout(() => send('enter'), 200);
  };
  const left = (name) => {
    touched.add(name);
    if (waiting === undefined) say();
    else send('enter');
  };
  const initial = model.get('_state').entries ?? {};
  const fields = model.get('_fields').map((facts) => field(facts, initial[facts.name], changed, () => left(facts.name)));
  const heading = h('h3', { hidden: true });
  const summary = h('p', { class: 'studio-wrong-summary', role: 'alert' });
  const button = h('button', { type: 'submit', class: 'studio-primary' });
  const reset = h('button', { type: 'button', click: () => {
    turn += 1;
    touched.clear();
    clearTimeout(waiting);
    waiting = undefined;
    model.send({ verb: 'reset', turn });
  } }, 'Start over');
  const form = h(
    'form',
    {
      novalidate: true,
      // The field keeps the focus: left, it might show a message that moves the button away from under the pointer.
      mousedown: (event) => event.target.closest('button') && event.preventDefault(),
      keydown: pressed,
      beforeinput: broken,
      submit: (event) => {
        event.preventDefault();
        asked = true;
        turn += 1;
        send('submit');
      },
    },
    heading,
    h('div', { class: 'studio-fields' }, fields.map((one) => one.element)),
    fields.length ? null : h('p', { class: 'studio-empty' }, 'There is nothing to enter.'),
    h('div', { class: 'studio-buttons' }, button, reset),
    summary
  );
  const say = () => {
    const { messages = {}, tried = false } = model.get('_state');
    for (const one of fields) one.say(tried || touched.has(one.name) ? messages[one.name] : '');
    const wrong = fields.filter((one) => messages[one.name]);
    const told = tried && wrong.length ? `${plural(wrong.length, 'field needs', 'fields need')} another look.` : '';
    if (summary.textContent !== told) summary.replaceChildren(told);
    if (asked && tried) wrong[0]?.focus();
    asked = false;
  };
  const show = () => {
    const state = model.get('_state');
    heading.hidden = !model.get('title');
    heading.replaceChildren(shown(model.get('title')));
    const busy = model.get('busy');
    button.disabled = busy;
    form.setAttribute('aria-busy', String(busy));
    button.replaceChildren(busy ? 'Working …' : shown(model.get('submit_label')));
    reset.hidden = !state.changed;
    reset.disabled = busy;
    // What was entered since is newer than what Python has seen.
    if ((state.turn ?? 0) < turn) return;
    turn = Math.max(turn, state.turn ?? 0);
    const now = state.entries ?? {};
    for (const one of fields) {
      if (JSON.stringify(one.get() ?? null) !== JSON.stringify(now[one.name] ?? null)) one.set(now[one.name]);
    }
    say();
  };
  for (const one of fields) one.set(initial[one.name]);
  const end = mount({ model, el }, 'form', ['_state', 'busy', 'title', 'submit_label'], (content) => {
    if (!content.firstChild) content.append(form);
    show();
  });
  return () => {
    clearTimeout(waiting);
    end();
  };
}

export default { render };
