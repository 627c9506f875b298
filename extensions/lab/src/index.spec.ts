import plugins from '.';

describe('the plugins', () => {
  it('have ids of their own', () => {
    const ids = plugins.map(plugin => plugin.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter(id => !id.startsWith('@notebook-studio/lab:'))).toEqual([]);
  });

  it('say what they are for', () => {
    expect(plugins.filter(plugin => !plugin.description).map(plugin => plugin.id)).toEqual([]);
  });
});
