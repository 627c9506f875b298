// Runs as a table: a page at a time, and runs can be ticked.

function render({ model, el }) {
  const send = (content) => model.send(content);
  const choose = (run, chosen) => {
    const others = model.get('selected').filter((one) => one !== run);
    send({ verb: 'select', runs: chosen ? [...others, run] : others });
  };

  function row(facts, selected, environments) {
    const ticked = h('input', {
      type: 'checkbox',
      checked: selected.includes(facts.run),
      disabled: facts.status === 'unreadable',
      'data-key': `tick ${facts.run}`,
      change: (event) => choose(facts.run, event.target.checked),
    });
    const cells = [
      { text: h('label', { class: 'studio-tick' }, ticked, h('code', {}, facts.run)), class: 'studio-whole' },
      facts.pipeline,
      badge(facts.status),
      facts.problem || facts.steps,
      { text: facts.started, class: 'studio-whole' },
      { text: facts.time, class: 'studio-number' },
    ];
    return environments ? [...cells, [facts.environment, facts.actor].filter(Boolean).join(', ')] : cells;
  }

  function bar(page, selected) {
    const last = page.first + page.rows.length - 1;
    const of = page.total === null ? '' : ` of ${page.total.toLocaleString('en')}`;
    const place = page.rows.length ? `${page.first.toLocaleString('en')}–${last.toLocaleString('en')}${of}` : '';
    const turn = (by) => () => send({ verb: 'page', page: page.number + by });
    return h(
      'div',
      { class: 'studio-pages' },
      h('button', { type: 'button', 'data-key': 'newer', disabled: page.number === 0, click: turn(-1) }, 'Newer'),
      h('button', { type: 'button', 'data-key': 'older', disabled: !page.more, click: turn(1) }, 'Older'),
      h('button', { type: 'button', 'data-key': 'refresh', click: () => send({ verb: 'refresh' }) }, 'Refresh'),
      h('span', { class: 'studio-muted', role: 'status' }, [place, selected.length ? plural(selected.length, 'run chosen', 'runs chosen') : ''].filter(Boolean).join(' · ')),
      selected.length ? h('button', { type: 'button', class: 'studio-link', 'data-key': 'none', click: () => send({ verb: 'select', runs: [] }) }, 'Choose none') : null
    );
  }

  return mount({ model, el }, 'runs', ['_page', 'selected'], () => {
    const page = model.get('_page');
    const selected = model.get('selected');
    const head = ['Run', 'Pipeline', 'Status', 'Steps', 'Started', { text: 'Time', class: 'studio-number' }];
    if (page.environments) head.push('Environment');
    const title = page.pipeline ? `Runs of ${page.pipeline}` : 'Runs';
    if (!page.rows.length) {
      return [
        h('div', { class: 'studio-head' }, h('h3', {}, title)),
        h('p', { class: 'studio-empty' }, `There is no run yet. Next: studio run ${page.pipeline || 'PIPELINE'}`),
        bar(page, selected),
      ];
    }
    return [
      table({ caption: title, head, rows: page.rows.map((facts) => row(facts, selected, page.environments)) }),
      bar(page, selected),
    ];
  });
}

export default { render };
