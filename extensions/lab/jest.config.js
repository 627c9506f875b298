/** Jest as JupyterLab sets it up: real Lab modules, a browser made of jsdom, tests beside what they test. */
const base = require('@jupyterlab/testing/lib/jest-config')(__dirname);

// Published as modules only, so that Jest must translate them too.
const modules = [
  '@codemirror',
  '@dagrejs',
  '@jupyter',
  '@jupyterlab',
  '@lezer',
  '@lumino',
  '@marijn',
  '@microsoft'
];
modules.push(
  '@rjsf',
  '@tanstack',
  '@xyflow',
  'color',
  'd3-',
  'exenv-es6',
  'internmap',
  'lib0',
  'marked',
  'nanoid'
);
modules.push('nbdime', 'vscode-ws-jsonrpc', 'y-protocols', 'y-websocket', 'yjs');

module.exports = {
  ...base,
  reporters: ['default'],
  setupFilesAfterEnv: ['<rootDir>/src/testing/setup.ts'],
  testPathIgnorePatterns: ['/lib/', '/labextension/', '/node_modules/'],
  modulePathIgnorePatterns: ['/labextension/', '/lib/'].map(name => `<rootDir>${name}`),
  testRegex: '/src/.*\\.spec\\.tsx?$',
  transform: {
    ...base.transform,
    '^.+\\.tsx?$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.test.json' }]
  },
  transformIgnorePatterns: [`/node_modules/(?!(${modules.join('|')})).+`]
};
