// What can be chosen, what cannot and why, and what goes on already.

function render({ model, el }) {
  const group = freshId('choice');

  function choice(one, busy) {
    const described = one.description ? `${group}-${one.name}` : null;
    const input = h('input', {
      type: 'radio',
      name: group,
      value: one.name,
      checked: model.get('chosen') === one.name,
      disabled: busy,
      'data-key': `choice ${one.name}`,
      'aria-describedby': described,
      change: () => model.send({ verb: 'choose', name: one.name }),
    });
    return h(
      'label',
      { class: 'studio-choice' },
      input,
      h('span', {}, h('strong', {}, one.title), one.description ? h('span', { class: 'studio-muted', id: described }, one.description) : null)
    );
  }

  function closed(one) {
    return h(
      'li',
      {},
      h('strong', {}, one.title),
      ' ',
      h('span', {}, one.problem),
      one.owners ? h('details', { 'data-key': `owners ${one.name}` }, h('summary', { 'data-key': `summary ${one.name}` }, 'For its owners'), h('p', { class: 'studio-muted' }, one.owners)) : null
    );
  }

  function going(one, busy) {
    const text = `${one.title}${one.when ? `, since ${one.when}` : ''}`;
    const label = `Watch ${text}`;
    return h('li', {}, h('span', {}, text), ' ', h('button', { disabled: busy, 'aria-label': label, 'data-key': `watch ${one.activity}`, click: () => model.send({ verb: 'watch', activity: one.activity }) }, 'Watch'));
  }

  const end = mount({ model, el }, 'choices', ['_choices', '_under_way', 'busy', 'chosen', 'note'], () => {
    const all = model.get('_choices');
    const busy = model.get('busy');
    const open = all.filter((one) => one.available);
    const shut = all.filter((one) => !one.available);
    const under = model.get('_under_way');
    const parts = [];
    if (under.length) {
      parts.push(h('section', {}, h('h2', {}, 'Under way'), h('ul', { class: 'studio-going' }, under.map((one) => going(one, busy)))));
    }
    parts.push(
      open.length
        ? h('fieldset', { class: 'studio-choices-open' }, h('legend', {}, 'What do you want to run?'), open.map((one) => choice(one, busy)))
        : h('p', { class: 'studio-empty' }, all.length ? 'Nothing can be run at the moment; below stands why.' : 'There is nothing to run in this project yet.')
    );
    if (model.get('note')) parts.push(h('p', { class: 'studio-muted' }, model.get('note')));
    if (shut.length) {
      const list = h('ul', { class: 'studio-shut' }, shut.map(closed));
      parts.push(
        open.length
          ? h('details', { 'data-key': 'shut' }, h('summary', { 'data-key': 'shut summary' }, `Not available now (${shut.length})`), list)
          : h('section', {}, h('h2', {}, 'Not available now'), list)
      );
    }
    return parts;
  });
  // A page may have been made some time before somebody opened it.
  model.send({ verb: 'open' });
  return end;
}

export default { render };
