// The graph of a pipeline: boxes that are buttons over lines in SVG. It is built once; what a run tells changes it in place.

const ENDED = ['completed', 'reused', 'failed', 'killed', 'not run'];

function render({ model, el }) {
  const boxes = new Map();
  const said = new Map();
  let lines = [];
  let received = performance.now();
  let current = '';

  const head = h('div', { class: 'studio-head' });
  const canvas = h('div', { class: 'studio-canvas' });
  const list = h('ol', { class: 'studio-steps', 'aria-label': 'Steps', keydown: (event) => move(event) });
  const detail = h('div', { class: 'studio-detail' });
  const news = h('p', { class: 'studio-sr', role: 'status' });
  const hint = h('p', { class: 'studio-sr', id: freshId('hint') }, 'Arrow keys go from step to step.');

  const graph = () => model.get('_graph');
  const progress = () => model.get('_progress');
  const stepOf = (name) => graph().steps.find((step) => step.name === name);
  const chosen = () => {
    const selected = model.get('selected');
    const parts = model.get('_parts');
    return stepOf(selected) ?? (parts.step ? stepOf(parts.step) : undefined);
  };
  /** Seconds until now of what still runs. */
  const elapsed = (facts) => {
    const known = facts.seconds !== null && facts.seconds !== undefined;
    if (known && facts.status === 'running') return facts.seconds + (performance.now() - received) / 1000;
    return ['reused', 'not run'].includes(facts.status) ? null : facts.seconds;
  };

  function statusText(step, facts) {
    if (!facts.status) return step.foreseen || (step.parts > 1 ? plural(step.parts, 'part') : '');
    if (step.parts > 1) return `${facts.done}/${step.parts} ${facts.status}`;
    const cells = facts.status === 'running' && facts.total ? ` ${facts.done}/${facts.total}` : '';
    return facts.status + cells;
  }

  function build() {
    const { steps, lines: drawnLines, width, height, box } = graph();
    lines = drawnLines.map((line) => ({ ...line, element: drawn('path', { d: line.path, class: 'studio-line' }) }));
    const svg = drawn('svg', { width, height, 'aria-hidden': 'true' }, ...lines.map((line) => line.element));
    boxes.clear();
    list.replaceChildren(
      ...steps.map((step, at) => {
        const status = h('span', { class: 'studio-status' });
        const time = h('span', { class: 'studio-muted' });
        const bar = h('span', { class: 'studio-bar' }, h('span'));
        const button = h(
          'button',
          { type: 'button', class: 'studio-box', 'aria-describedby': hint.id, title: step.notebook, click: () => select(step.name), focus: () => (current = step.name) },
          h('span', { class: 'studio-name' }, step.name),
          ' ',
          h('span', { class: 'studio-below' }, status, ' ', time),
          bar
        );
        button.style.cssText = `left:${Number(step.x)}px;top:${Number(step.y)}px;width:${Number(box[0])}px;height:${Number(box[1])}px`;
        button.tabIndex = at ? -1 : 0;
        boxes.set(step.name, { button, status, time, bar: bar.firstChild });
        return h('li', {}, button);
      })
    );
    canvas.style.width = `${Number(width)}px`;
    canvas.style.height = `${Number(height)}px`;
    canvas.replaceChildren(svg, list);
    current = steps[0]?.name ?? '';
  }

  function select(name) {
    const again = chosen()?.name === name;
    model.send({ verb: 'select', step: again ? '' : name });
  }

  function move(event) {
    const { steps } = graph();
    const at = stepOf(current);
    if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
    const column = steps.filter((step) => step.x === at.x).sort((one, other) => one.y - other.y);
    const beside = (by) => column[column.indexOf(at) + by]?.name;
    const next = {
      ArrowLeft: () => at.needs.find((name) => boxes.has(name)),
      ArrowRight: () => steps.find((step) => step.needs.includes(at.name))?.name,
      ArrowUp: () => beside(-1),
      ArrowDown: () => beside(1),
      Home: () => steps[0].name,
      End: () => steps[steps.length - 1].name,
    }[event.key]?.();
    if (!next) return;
    event.preventDefault();
    boxes.get(current).button.tabIndex = -1;
    boxes.get(next).button.tabIndex = 0;
    boxes.get(next).button.focus();
  }

  function update() {
    const facts = progress();
    const told = [];
    for (const step of graph().steps) {
      const now = facts.steps[step.name];
      const box = boxes.get(step.name);
      const text = statusText(step, now);
      const time = seconds(elapsed(now));
      box.button.dataset.status = now.status;
      box.status.dataset.status = now.status;
      if (box.status.textContent !== text) box.status.replaceChildren(shown(text));
      if (box.time.textContent !== time) box.time.replaceChildren(time);
      box.bar.style.width = `${Math.round(100 * Math.min(1, now.share ?? 0))}%`;
      if (ENDED.includes(now.status) && said.get(step.name) !== now.status && said.size) told.push(`${step.name} ${now.status}.`);
      said.set(step.name, now.status);
    }
    if (told.length) news.replaceChildren(shown(told.slice(0, 5).join(' ')));
    const counts = Object.entries(facts.counts).filter(([status]) => status);
    head.replaceChildren(
      h('h3', {}, graph().pipeline),
      facts.run ? badge(facts.status, facts.status) : h('span', { class: 'studio-muted' }, plural(graph().steps.length, 'step')),
      ...(facts.run ? [h('span', { class: 'studio-muted' }, counts.map(([status, count]) => `${count} ${status}`).join(', '))] : []),
      ...(facts.run ? [h('span', { class: 'studio-muted' }, seconds(elapsed(facts)))] : [])
    );
  }

  function mark() {
    const step = chosen();
    for (const [name, box] of boxes) box.button.setAttribute('aria-pressed', String(name === step?.name));
    for (const line of lines) line.element.classList.toggle('studio-near', step !== undefined && (line.from === step.name || line.to === step.name));
  }

  function explain() {
    const step = chosen();
    detail.hidden = !step;
    if (!step) return replaced(detail, []);
    const now = progress().steps[step.name];
    const parts = model.get('_parts');
    const facts = [
      ['Notebook', step.notebook],
      ['Status', now.status || step.foreseen],
      ['Why', now.reason],
      ['Time', seconds(elapsed(now))],
      ['After', step.needs.join(', ')],
      ['Loads', step.loads.join(', ')],
      ['Saves', step.saves.join(', ')],
    ].filter(([, text]) => text);
    return replaced(detail, [
      h('h4', {}, step.name),
      table({ rows: facts, label: `About ${step.name}` }),
      ...(parts.step === step.name ? [partsTable(parts)] : []),
    ]);
  }

  function partsTable(parts) {
    const rows = parts.rows.map((part) => [
      h('button', { type: 'button', class: 'studio-link', 'data-key': part.key, click: () => model.send({ verb: 'select', step: part.key }) }, part.part),
      badge(part.status),
      { text: seconds(elapsed(part)), class: 'studio-number' },
      part.reason,
    ]);
    const more = parts.left_out ? h('p', { class: 'studio-muted' }, `… and ${plural(parts.left_out, 'more part')}`) : null;
    return h('div', {}, table({ caption: 'Parts', head: ['Part', 'Status', { text: 'Time', class: 'studio-number' }, 'Why'], rows }), more);
  }

  const scroll = h('div', { class: 'studio-scroll' }, canvas);
  const clock = setInterval(() => {
    if (progress().status !== 'running') return;
    update();
    if (chosen()) explain();
  }, 1000);
  let built;
  const end = mount({ model, el }, 'graph', ['_graph', '_progress', '_parts', 'selected'], (content) => {
    received = performance.now();
    if (!content.firstChild) content.append(head, scroll, detail, news, hint);
    if (built !== graph()) {
      built = graph();
      build();
    }
    update();
    mark();
    explain();
  });
  return () => {
    clearInterval(clock);
    end();
  };
}

export default { render };
