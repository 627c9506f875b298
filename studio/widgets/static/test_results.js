// A report of tests: what failed stands first and open, what passed is counted and closed.

const WORDS = { failed: 'failed', error: 'could not be asked', skipped: 'skipped', passed: 'passed' };

function render({ model, el }) {
  function body(facts, at, selectable) {
    const values = Object.entries(facts.values);
    return [
      facts.message ? h('p', { class: 'studio-said' }, facts.message) : null,
      values.length ? h('p', { class: 'studio-muted' }, values.map(([name, value]) => `${name} ${value}`).join(', ')) : null,
      facts.detail ? h('pre', { tabindex: '0', 'aria-label': `Detail of ${facts.name}` }, facts.detail) : null,
      facts.output ? h('div', {}, h('p', { class: 'studio-muted' }, 'It printed'), h('pre', { tabindex: '0', 'aria-label': `Output of ${facts.name}` }, facts.output)) : null,
      selectable ? h('button', { type: 'button', 'data-key': `go ${at}`, click: () => model.send({ verb: 'select', case: at }) }, 'Show its place') : null,
    ].filter(Boolean);
  }

  function item(facts, at, selectable, open) {
    const line = [badge(facts.status, h('span', { class: 'studio-name' }, facts.name)), h('span', { class: 'studio-muted' }, [facts.place, facts.time].filter(Boolean).join(' · '))];
    if (!facts.message && !facts.detail && !facts.output && !Object.keys(facts.values).length && !selectable) {
      return h('li', { class: 'studio-bare' }, line);
    }
    const inside = h('div', { class: 'studio-case' });
    const fill = () => inside.firstChild || inside.append(...body(facts, at, selectable));
    const made = h('details', { 'data-key': `case ${at}`, toggle: fill }, h('summary', {}, line), inside);
    if (open) {
      made.open = true;
      fill();
    }
    return h('li', {}, made);
  }

  return mount({ model, el }, 'tests', ['_results'], () => {
    const facts = model.get('_results');
    const cases = facts.cases.map((one, at) => ({ ...one, at }));
    const groups = Object.keys(WORDS).map((status) => ({ status, count: facts.counts[status], cases: cases.filter((one) => one.status === status) }));
    const listed = (group, open) => h('ol', {}, group.cases.map((one) => item(one, one.at, facts.selectable, open && one.at < 20)));
    const passed = groups.filter((group) => group.count);
    const total = passed.reduce((sum, group) => sum + group.count, 0);
    return [
      h(
        'div',
        { class: 'studio-head' },
        h('h3', {}, total ? plural(total, 'test') : 'No tests'),
        ...passed.map((group) => badge(group.status, `${group.count.toLocaleString('en')} ${WORDS[group.status]}`)),
        total ? h('span', { class: 'studio-muted' }, seconds(facts.seconds)) : null
      ),
      total ? null : h('p', { class: 'studio-empty' }, 'Nothing was tested.'),
      ...passed.map((group) =>
        group.status === 'failed' || group.status === 'error'
          ? h('section', { 'aria-label': `${group.count} ${WORDS[group.status]}` }, listed(group, true))
          : h('details', { 'data-key': group.status }, h('summary', {}, `${group.count.toLocaleString('en')} ${WORDS[group.status]}`), listed(group, false))
      ),
      facts.left_out ? h('p', { class: 'studio-muted' }, `… and ${plural(facts.left_out, 'more test')}`) : null,
    ];
  });
}

export default { render };
