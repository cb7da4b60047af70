'use strict';
// Credentials: a text, or a function of the program that is asked whenever one is needed.

const { OptionError, TopicwireError } = require('./errors.js');

/** The credentials of one client, by name. */
class Providers {
  /** @type {Map<string, Function>} */ #functions = new Map();
  /** @type {Map<bigint, unknown>} */ #failed = new Map();
  /** @type {Map<bigint, AbortController>} */ #asked = new Map();

  /**
   * The form that a credential has among the core's options.
   * @param {string} name
   * @param {unknown} source
   */
  option(name, source) {
    if (source === undefined || source === null) return 'none';
    if (typeof source === 'string') return { static: source };
    if (typeof source === 'function') {
      this.#functions.set(name, source);
      return 'provider';
    }
    throw new OptionError(`option \`${name === 'default' ? 'token' : `credentials.${name}`}\`: expected a string or a function that returns one`);
  }

  /** The same for an address that is a secret. @param {unknown} source @returns {object} members of the core's options */
  address(source) {
    if (typeof source === 'string' || source instanceof URL) return { url: String(source) };
    if (typeof source !== 'function') throw new OptionError('option `url`: expected a string, a URL or a function that returns one');
    this.#functions.set('default', source);
    return { urlProvider: true };
  }

  /**
   * Asks the program, and answers the core.
   * @param {any} native
   * @param {any} need
   */
  async answer(native, need) {
    const abort = new AbortController();
    this.#asked.set(need.request, abort);
    try {
      const provider = this.#functions.get(need.credential);
      if (!provider) throw new TopicwireError(`there is no provider for the credential \`${need.credential}\``, { code: 'provider_failed' });
      const given = await provider({ credential: need.credential, reason: need.reason, gatewayCode: need.code, signal: abort.signal });
      const { value, validForMs = 0 } = typeof given === 'string' || given instanceof URL ? { value: String(given) } : (given ?? {});
      if (typeof value !== 'string') throw new TypeError('a provider returns a string, or an object with `value` and perhaps `validForMs`');
      native.answer(need.request, value, validForMs);
    } catch (error) {
      this.#remember(need.request, error);
      const retryable = !(error instanceof TopicwireError) || error.retryable;
      // The error's own text may hold a secret; it stays here, as the cause.
      native.answerFailed(need.request, `the provider threw ${/** @type {any} */ (error)?.name ?? 'something'}`, retryable);
    } finally {
      this.#asked.delete(need.request);
    }
  }

  /** @param {bigint} request */
  cancel(request) {
    this.#asked.get(request)?.abort();
  }

  /** Hangs what a provider threw onto the fault that tells of it. @param {any} fault */
  explain(fault) {
    if (fault.request !== null && this.#failed.has(fault.request) && fault.error) fault.error.cause ??= this.#failed.get(fault.request);
  }

  /** @param {bigint} request @param {unknown} error */
  #remember(request, error) {
    if (this.#failed.size >= 16) this.#failed.delete(/** @type {bigint} */ (this.#failed.keys().next().value));
    this.#failed.set(request, error);
  }
}

module.exports = { Providers };
