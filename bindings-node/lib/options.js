'use strict';
// Options as JavaScript writes them, in the form that the core reads.

const { OptionError } = require('./errors.js');

/** @param {string} name */
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Names of options in the core's case, all the way down. Lists and texts stay as they are. @param {any} value @returns {any} */
function snaked(value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof URL) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [snake(name), snaked(inner)]));
}

/**
 * The JSON of a client's options.
 * @param {string} dialect
 * @param {object} given
 */
function client(dialect, given) {
  if (given === null || typeof given !== 'object') throw new OptionError('the options: expected an object');
  return JSON.stringify({ dialect, ...snaked(given) });
}

module.exports = { client, snaked };
