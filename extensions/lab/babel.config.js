/** How Jest reads the modules of others. */
module.exports = require('@jupyterlab/testing/lib/babel-config');
