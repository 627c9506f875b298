/**
 * How much of the built extension a page may load before the view of a notebook's difference is opened, and whether
 * that is less than what was promised. The view's own pieces (nbdime and its editors) are those that only it leads to.
 */
const fs = require('fs');
const path = require('path');

const LIMIT = 700_000;
const FOLDER = path.join(__dirname, '..', 'labextension', 'static');
/** nbdime's class for a notebook's difference, in code that draws it. */
const DIFFERENCE = 'jp-Notebook-diff';
const GROUP = /Promise\.all\(\[((?:[\w$]+\.e\("?\w+"?\),?)+)\]\)|[\w$]+\.e\("?\w+"?\)/g;

if (!fs.existsSync(FOLDER)) {
  console.error('The extension is not built. Next: make lab-extension');
  process.exit(1);
}
const names = fs.readdirSync(FOLDER).filter(name => name.endsWith('.js'));
const texts = new Map(names.map(name => [name, fs.readFileSync(path.join(FOLDER, name), 'utf8')]));
const sizeOf = name => fs.statSync(path.join(FOLDER, name)).size;
const sum = some => some.reduce((total, name) => total + sizeOf(name), 0);
const difference = names.filter(name => texts.get(name).split(DIFFERENCE).length > 10);

/** The files that each import in a file brings in, together. */
function groupsOf(name) {
  return [...texts.get(name).matchAll(GROUP)].map(([found]) =>
    [...found.matchAll(/\.e\("?(\w+)"?\)/g)].flatMap(([, id]) =>
      names.filter(one => one.startsWith(`${id}.`))
    )
  );
}

const before = new Set(
  names.filter(name => name.startsWith('remoteEntry.') || name === 'style.js')
);
for (const name of before) {
  for (const group of groupsOf(name)) {
    if (!group.some(one => difference.includes(one))) {
      group.forEach(one => before.add(one));
    }
  }
}
const after = names.filter(name => !before.has(name));
const kilobytes = bytes => `${(bytes / 1000).toFixed(0)} kB`;
console.log(
  `before the difference is opened: ${kilobytes(sum([...before]))} of at most ${kilobytes(LIMIT)}`
);
console.log(`with it, more: ${kilobytes(sum(after))}`);
if (difference.length === 0) {
  console.error('No piece of the built extension draws a difference, so nothing was measured.');
  process.exit(1);
}
if (sum([...before]) >= LIMIT) {
  const largest = [...before].sort((one, other) => sizeOf(other) - sizeOf(one)).slice(0, 5);
  console.error(
    `Too much: ${largest.map(name => `${name} ${kilobytes(sizeOf(name))}`).join(', ')}.`
  );
  process.exit(1);
}
