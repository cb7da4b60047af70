'use strict';

/** Waiting for something to become true in another process, with a deadline and an error that says what was missing. */

const { setTimeout: pause } = require('node:timers/promises');

const { LocalGatewayError } = require('./error.js');

/** How often to look, in milliseconds. */
const INTERVAL = 10;

/**
 * Looks until it is there.
 *
 * @template T
 * @param {() => Promise<T | undefined>} look returns what is waited for, or nothing while it is not there
 * @param {() => Promise<string>} missing says what is expected and what is there instead
 * @param {{ timeout?: number, signal?: AbortSignal }} [options]
 * @returns {Promise<T>}
 */
async function wait(look, missing, { timeout = 10_000, signal } = {}) {
  const deadline = performance.now() + timeout;
  for (;;) {
    signal?.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() >= deadline) throw new LocalGatewayError(`after ${timeout} ms: ${await missing()}`);
    await pause(INTERVAL, undefined, { signal });
  }
}

module.exports = { wait };
