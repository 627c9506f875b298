// Runs side by side: a table for what is known of the runs, one for their values, one for their measures.

function render({ model, el }) {
  function row(facts) {
    const name = facts.step ? [h('span', { class: 'studio-muted' }, facts.step), ' ', facts.name] : facts.name;
    const cells = facts.texts.map((text, at) => {
      const change = facts.changes?.[at];
      const told = change ? [text, h('span', { class: 'studio-change studio-muted' }, change)] : text;
      return { text: h('span', {}, told), class: [facts.measure ? 'studio-number' : '', facts.differs ? 'studio-differs' : ''].join(' ').trim() || null };
    });
    return [{ text: h('span', {}, name) }, ...cells];
  }

  return mount({ model, el }, 'comparison', ['_compared', 'only_differences'], () => {
    const { runs = [], groups = [] } = model.get('_compared');
    if (!runs.length) {
      return [h('div', { class: 'studio-head' }, h('h3', {}, 'Comparison of runs')), h('p', { class: 'studio-empty' }, 'Choose two runs or more.')];
    }
    const only = model.get('only_differences');
    const ticked = h('input', { type: 'checkbox', checked: only, 'data-key': 'only', change: (event) => model.send({ verb: 'differences', only: event.target.checked }) });
    const tables = groups.map((group) => {
      const rows = group.rows.filter((facts) => !only || runs.length < 2 || facts.differs);
      const same = group.rows.length - rows.length;
      const rest = same ? h('p', { class: 'studio-muted' }, `${rows.length ? `${same} more` : `${group.title}: ${same}`} ${same === 1 ? 'is' : 'are'} the same in all runs.`) : null;
      if (!rows.length) return rest;
      const number = rows[0].measure ? 'studio-number' : null;
      const head = [h('span', { class: 'studio-sr' }, 'Name'), ...runs.map((run) => ({ text: h('code', {}, run), class: number }))];
      return h('div', {}, table({ caption: group.title, head, rows: rows.map(row) }), rest);
    });
    return [
      h('div', { class: 'studio-head' }, h('h3', {}, `Comparison of ${plural(runs.length, 'run')}`), runs.length > 1 ? h('label', { class: 'studio-tick' }, ticked, 'Only differences') : null),
      ...tables,
    ];
  });
}

export default { render };
