'use strict';

/**
 * What a program loops over with `for await`. By hand rather than as a generator, since that is a promise an event instead of three.
 *
 * @typedef {object} Reading
 * @property {(event: any) => boolean | null} judge whether an event is wanted; null at the end; throws when the end is a failure
 * @property {() => void} [finish] what is to be done when the loop is left, however
 * @property {AbortSignal} [signal] ends the loop, which then throws its reason
 */
class Iteration {
  #stream;
  #judge;
  #finish;
  #signal;
  #begun = false;
  #done = false;

  /** @param {import('./stream.js').Stream} stream @param {Reading} reading */
  constructor(stream, { judge, finish, signal }) {
    this.#stream = stream;
    this.#judge = judge;
    this.#finish = finish;
    this.#signal = signal;
  }

  /** @returns {Promise<IteratorResult<any, any>>} */
  next() {
    if (this.#begun && !this.#done && !this.#signal?.aborted) {
      const event = this.#stream.shift();
      // Messages are what a stream is for: nobody leaves them out.
      if (event?.kind === 'message') return Promise.resolve({ value: event, done: false });
      return this.#found(event);
    }
    return this.#found(undefined);
  }

  /** @param {any} event @returns {Promise<IteratorResult<any, any>>} */
  async #found(event) {
    if (this.#done) return OVER;
    if (!this.#begun) this.#stream.begin();
    this.#begun = true;
    try {
      for (;;) {
        this.#signal?.throwIfAborted();
        event ??= await this.#stream.next(this.#signal);
        const wanted = event === null || this.#done ? null : this.#judge(event);
        if (wanted === null) return this.#over();
        if (wanted) return { value: event, done: false };
        event = undefined;
      }
    } catch (error) {
      this.#over();
      throw error;
    }
  }

  #over() {
    if (!this.#done) {
      this.#done = true;
      if (this.#begun) this.#stream.end();
      this.#finish?.();
    }
    return OVER;
  }

  /** The loop is left. @param {any} [value] */
  async return(value) {
    this.#over();
    return { value, done: true };
  }

  /** @param {unknown} error */
  async throw(error) {
    this.#over();
    throw error;
  }

  async [Symbol.asyncDispose]() {
    this.#over();
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

/** @type {IteratorResult<any, any>} */
const OVER = Object.freeze({ value: undefined, done: true });

/**
 * The events of a stream in arrays, as they come from the core.
 * @param {import('./stream.js').Stream} stream
 * @param {Reading} reading
 */
async function* batches(stream, { judge, finish, signal }) {
  stream.begin();
  try {
    for (let events = await stream.batch(signal); events !== null; events = await stream.batch(signal)) {
      if (events[0].kind === 'closed' && judge(events[0]) === null) return;
      yield events;
    }
  } finally {
    stream.end();
    finish?.();
  }
}

module.exports = { Iteration, batches };
