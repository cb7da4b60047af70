'use strict';
// The addon, loaded once for each JavaScript environment.

const path = require('node:path');

const { folder } = require('./platform.js');
const { version } = require('../package.json');

// Another build of it, for whoever works on it.
const native = require(process.env.TOPICWIRE_ADDON || path.join(folder(), 'topicwire.node'));

if (native.version() !== version) {
  throw new Error(`topicwire ${version} does not go with its addon, which is ${native.version()}: install both anew, in the same version`);
}

module.exports = native;
