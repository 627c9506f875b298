// The scenario that goes on: words, a bar, a button; and the result of the one that is done.

function render({ model, el }) {
  // While a scenario goes on its elements stay and only their content changes: a reader aloud tells changes of what it
  // knows, and a button that is pressed is not taken away.
  const going = (state) => state.status === 'starting' || state.status === 'running';
  let under = null;
  let awaited = false;

  function course(state) {
    const name = freshId('course');
    const title = h('h2', { id: name });
    const bar = h('progress', { max: '100', 'aria-labelledby': name });
    const text = h('p', { role: 'status' });
    const stop = h('button', { 'data-key': 'stop', click: () => model.send({ verb: 'stop' }) }, 'Stop');
    const calm = h('p', { class: 'studio-muted' }, 'You may close this page; the scenario goes on, and is found here again.');
    const section = h('section', { class: 'studio-course' }, title, bar, text, h('p', {}, stop), calm);
    const update = (known) => {
      title.replaceChildren(known.title ? `${shown(known.title)} is being run` : 'The scenario is being run');
      // Without a value the bar shows that nobody knows yet how far it is.
      if (known.status === 'running') bar.value = Math.round(100 * (known.share ?? 0));
      const told = known.stopping ? 'It is being stopped …' : shown(known.text);
      if (text.textContent !== told) text.replaceChildren(told);
      stop.disabled = Boolean(known.stopping);
    };
    update(state);
    return { section, update };
  }

  function ending(state) {
    const parts = [
      h('h2', { tabindex: '-1' }, state.title || 'The scenario'),
      h('p', { role: 'status', class: state.status === 'completed' ? 'studio-good' : 'studio-bad' }, state.text),
    ];
    if (state.number) {
      parts.push(h('p', {}, 'Tell the people who run this app the error number ', h('code', {}, state.number), '; they find out more with it.'));
    }
    if (state.run && state.status !== 'completed') parts.push(h('p', { class: 'studio-muted' }, 'Run number: ', h('code', {}, state.run)));
    return h('section', { class: 'studio-course' }, parts);
  }

  function exhibit(one, at) {
    if (one.kind === 'figure') {
      return h('figure', {}, h('img', { src: one.image, alt: `Figure: ${one.caption}`, loading: 'lazy' }), h('figcaption', { class: 'studio-muted' }, one.caption));
    }
    const { head, body, headings, rows, columns } = one.table;
    const cell = (text, index) => (index < headings ? h('th', { scope: 'row' }, text) : h('td', { class: /^[-\u2212]?[\d.,\s%]+$/.test(text) ? 'studio-number' : null }, text));
    const left = [rows ? plural(rows, 'more row') : '', columns ? plural(columns, 'more column') : ''].filter(Boolean).join(', ');
    return h(
      'div',
      { class: 'studio-scroll', tabindex: '0', role: 'region', 'aria-label': one.caption },
      h(
        'table',
        {},
        h('caption', {}, one.caption),
        head.length ? h('thead', {}, head.map((line) => h('tr', {}, line.map((text) => (text ? h('th', { scope: 'col' }, text) : h('td', {})))))) : null,
        h('tbody', {}, body.map((line) => h('tr', {}, line.map(cell))))
      ),
      left ? h('p', { class: 'studio-muted' }, `${left} not shown.`) : null
    );
  }

  function choose(label, runs, chosen, verb, nothing) {
    const id = freshId('earlier');
    const select = h('select', { id, 'data-key': verb, change: (event) => (verb === 'compare' || event.target.value) && model.send({ verb, run: event.target.value }) });
    select.append(
      h('option', { value: '' }, nothing),
      ...runs.map((one) => h('option', { value: one.run }, `${one.when} (${one.run})`))
    );
    select.value = chosen;
    return h('p', { class: 'studio-earlier' }, h('label', { for: id }, label), ' ', select);
  }

  function measures(result) {
    const beside = Boolean(result.earlier);
    const number = { class: 'studio-number' };
    const head = ['Measure', { text: 'This scenario', ...number }, ...(beside ? [{ text: 'Earlier', ...number }, 'Difference'] : [])];
    const rows = result.measures.map((row) => [row.name, { text: row.now, ...number }, ...(beside ? [{ text: row.earlier, ...number }, row.words] : [])]);
    return h('details', { 'data-key': 'measures' }, h('summary', { 'data-key': 'measures summary' }, `All measures (${rows.length})`), table({ head, rows, label: 'All measures' }));
  }

  function values(result) {
    const beside = Boolean(result.earlier);
    const head = ['Value', 'This scenario', ...(beside ? ['Earlier'] : [])];
    const rows = result.values.map((row) => {
      const differs = row.words === 'different' ? 'studio-differs' : null;
      return [row.name, { text: row.now, class: differs }, ...(beside ? [{ text: row.earlier, class: differs }] : [])];
    });
    return h('details', { 'data-key': 'values' }, h('summary', { 'data-key': 'values summary' }, `All values (${rows.length})`), table({ head, rows, label: 'All values' }));
  }

  function outcome(result, earlier) {
    const changed = result.values.filter((row) => row.words === 'different');
    const told = [result.when, result.took ? `took ${result.took}` : '', result.actor ? `run by ${result.actor}` : ''].filter(Boolean).join(' · ');
    const others = earlier.filter((one) => one.run !== result.run);
    return h(
      'section',
      { class: 'studio-outcome' },
      h('h2', {}, 'Result'),
      h('p', { class: 'studio-muted' }, told),
      h('p', { class: 'studio-muted' }, 'Run number: ', h('code', {}, result.run)),
      h('p', {}, result.given.length ? `With ${result.given.join('; ')}.` : 'With the values that are usual here.'),
      result.sentences.length ? h('ul', { class: 'studio-sentences' }, result.sentences.map((text) => h('li', {}, text))) : h('p', {}, 'It measured nothing.'),
      others.length ? choose('Compare with', others, result.earlier, 'compare', 'nothing') : null,
      result.earlier
        ? h('p', {}, changed.length ? `Different from ${result.earlier_when}: ${changed.map((row) => `${row.name}: ${row.now || 'not given'} instead of ${row.earlier || 'not given'}`).join('; ')}.` : `All values are as on ${result.earlier_when}.`)
        : null,
      result.measures.length ? measures(result) : null,
      result.values.length ? values(result) : null,
      result.exhibits.length ? h('h3', {}, 'Figures and tables') : null,
      result.exhibits.map(exhibit),
      result.left_out ? h('p', { class: 'studio-muted' }, `${plural(result.left_out, 'more figure or table', 'more figures and tables')} not shown.`) : null,
      h('h3', {}, 'On which data'),
      result.data.length ? h('ul', {}, result.data.map((text) => h('li', {}, text))) : h('p', {}, 'No data was read.')
    );
  }

  return mount({ model, el }, 'scenario', ['_state', '_result', '_earlier'], () => {
    const state = model.get('_state');
    const result = model.get('_result');
    const earlier = model.get('_earlier');
    const parts = [];
    if (going(state)) {
      if (under) {
        under.update(state);
        return undefined;
      }
      under = course(state);
      return [under.section];
    }
    if (state.status) parts.push(ending(state));
    awaited = awaited || Boolean(under);
    under = null;
    if (awaited && (result.run || state.status !== 'completed')) {
      awaited = false;
      // The form is back above: who waited is brought to what came of it.
      setTimeout(() => el.querySelector('h2')?.focus(), 200);
    }
    if (result.run) {
      parts.push(outcome(result, earlier));
    } else if (!state.status && earlier.length) {
      parts.push(choose('Or look at an earlier result:', earlier, '', 'show', 'choose one'));
    }
    return parts;
  });
}

export default { render };
