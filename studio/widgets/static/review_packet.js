// A review packet: its facts, and its page in a frame that may do nothing.

function render({ model, el }) {
  // Set before it is filled, and never widened: no scripts, no forms, no navigation of this page, an origin of its own.
  const frame = h('iframe', { sandbox: '', referrerpolicy: 'no-referrer' });
  const facts = h('div', { class: 'studio-facts' });
  let page;
  return mount({ model, el }, 'packet', ['_facts', '_page'], (content) => {
    const { title, frame: name, about, ok, measures, measures_left_out: more } = model.get('_facts');
    if (!content.firstChild) content.append(facts, frame);
    const rows = about.filter(([, text]) => text).map(([key, text]) => [key, key === 'Tests' && ok !== null ? badge(ok ? 'passed' : 'failed', text) : text]);
    const number = (text) => ({ text, class: 'studio-number' });
    replaced(facts, [
      h('div', { class: 'studio-head' }, h('h3', {}, title)),
      table({ rows, label: 'About the submission' }),
      ...(measures.length
        ? [table({
            caption: 'Measures',
            head: ['Measure', number('Before'), number('Now'), number('Change')],
            rows: measures.map((row) => [row.name, number(row.old), number(row.new), number(row.change)]),
          })]
        : []),
      ...(more ? [h('p', { class: 'studio-muted' }, `… and ${plural(more, 'more measure')}`)] : []),
    ]);
    frame.title = shown(name);
    if (page !== model.get('_page')) {
      page = model.get('_page');
      frame.srcdoc = page;
    }
  });
}

export default { render };
