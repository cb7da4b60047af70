'use strict';

const { ClosedError, calling } = require('./errors.js');
const { Lane } = require('./environment.js');

/** Commands that wait for their answers. */
class Requests {
  /** @type {Map<number, { resolve: (reply: any) => void, reject: (error: unknown) => void }>} */ #waiting = new Map();
  /** @type {Array<() => void>} */ #writable = [];

  /** @param {any} native */
  constructor(native) {
    this.native = native;
    this.lane = calling(() => new Lane(native, { role: 'reply' }));
    this.lane.ring = () => this.#drain();
  }

  #drain() {
    const { events, more } = this.lane.take();
    if (more) setImmediate(() => this.#drain());
    for (const event of events) {
      if (event.kind === 'reply') {
        const waiting = this.#waiting.get(event.request);
        this.#waiting.delete(event.request);
        if (event.error) waiting?.reject(event.error);
        else waiting?.resolve(event);
      } else if (event.kind === 'writable') {
        for (const resolve of this.#writable.splice(0)) resolve();
      } else if (event.kind === 'closed') {
        this.end(event.cause);
      }
    }
  }

  /** Nothing will be answered any more. @param {unknown} [cause] */
  end(cause) {
    const error = () => new ClosedError('the client is closed', { code: 'closed', cause: cause ?? undefined });
    for (const { reject } of this.#waiting.values()) reject(error());
    this.#waiting.clear();
    for (const resolve of this.#writable.splice(0)) resolve();
  }

  /**
   * Gives a command and waits for its answer. Aborting takes it back, and undoes what it had begun.
   * @param {object} command
   * @param {{ payload?: Uint8Array, signal?: AbortSignal }} [about]
   * @returns {Promise<any>}
   */
  async ask(command, { payload, signal } = {}) {
    signal?.throwIfAborted();
    const request = this.native.nextRequest();
    const answer = new Promise((resolve, reject) => this.#waiting.set(request, { resolve, reject }));
    try {
      calling(() => this.native.submit(request, this.lane.id, JSON.stringify(command), payload ?? null));
    } catch (error) {
      this.#waiting.delete(request);
      throw error;
    }
    if (!signal) return answer;
    const stop = () => {
      const waiting = this.#waiting.get(request);
      this.#waiting.delete(request);
      if (this.native.cancel(request) === 'unknown') this.#undo(request);
      waiting?.reject(signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
    return answer.finally(() => signal.removeEventListener('abort', stop));
  }

  /**
   * The answer had come and nobody had looked at it: what it began is ended. A request that began nothing is refused this, which is as good.
   * @param {number} subscription
   */
  #undo(subscription) {
    try {
      this.native.submit(this.native.nextRequest(), 0, JSON.stringify({ type: 'unsubscribe', subscription }), null);
    } catch {
      // There was no such subscription, or the client is closed.
    }
  }

  /** Resolves when there is room for more to be written. @param {AbortSignal} [signal] ends the wait */
  writable(signal) {
    return /** @type {Promise<void>} */ (
      new Promise((resolve, reject) => {
        const stop = () => reject(signal?.reason);
        signal?.addEventListener('abort', stop, { once: true });
        this.#writable.push(() => {
          signal?.removeEventListener('abort', stop);
          resolve();
        });
      })
    );
  }
}

module.exports = { Requests };
