// Failure cases of a dataset's contract: a row for each demand that was not met, opened to the values and rows.

const FEW = 3;

function render({ model, el }) {
  const told = (found) => (found.row === null || found.row === undefined ? found.value : `${found.value ? `${found.value} ` : ''}(row ${found.row.toLocaleString('en')})`);

  function cases(group, key) {
    if (!group.cases.length) return '';
    const few = group.cases.slice(0, FEW).map(told).join(', ');
    if (group.count <= FEW) return few;
    const body = h('ul', { class: 'studio-cases' });
    const fill = () => {
      if (body.firstChild) return;
      body.append(...group.cases.map((found) => h('li', {}, told(found))));
      if (group.left_out) body.append(h('li', { class: 'studio-muted' }, `… and ${group.left_out.toLocaleString('en')} more`));
    };
    return h('details', { 'data-key': key, toggle: fill }, h('summary', {}, `${few} …`), body);
  }

  function section(facts, at, many) {
    const rows = facts.groups.map((group, number) => [
      group.column ? h('code', {}, group.column) : h('span', { class: 'studio-muted' }, 'the whole table'),
      group.check,
      { text: group.count.toLocaleString('en'), class: 'studio-number' },
      cases(group, `${at}-${number}`),
    ]);
    const name = facts.subject || 'Failure cases';
    return h(
      'section',
      { 'aria-label': name },
      many ? h('div', { class: 'studio-head' }, h('h4', {}, facts.subject), badge(facts.count || facts.message ? 'failed' : 'passed', facts.verdict)) : null,
      facts.message ? h('p', { class: 'studio-problem' }, facts.message) : null,
      rows.length ? table({ head: ['Column', 'What was demanded', { text: 'Cases', class: 'studio-number' }, 'Found'], rows, label: name }) : null,
      facts.groups_left_out ? h('p', { class: 'studio-muted' }, `… and ${plural(facts.groups_left_out, 'more demand')}`) : null
    );
  }

  return mount({ model, el }, 'failures', ['_failures'], () => {
    const facts = model.get('_failures');
    const rows = facts.sections.some((one) => one.groups.some((group) => group.cases.some((found) => found.row !== null)));
    return [
      h(
        'div',
        { class: 'studio-head' },
        h('h3', {}, facts.title),
        facts.contract && !facts.ok ? h('span', { class: 'studio-muted' }, ['contract ', h('code', {}, facts.contract)]) : null
      ),
      ...facts.sections.map((one, at) => section(one, at, facts.sections.length > 1)),
      rows ? h('p', { class: 'studio-muted' }, 'Rows are counted from 1, the first after the header.') : null,
    ];
  });
}

export default { render };
