'use strict';

const { UsageError } = require('./errors.js');

/** The events of a lane in order, for one reader at a time. What one reader leaves, the next one finds. */
class Stream {
  /** @type {any[]} */ #events = [];
  #more = false;
  /** @type {(() => void) | null} */ #wake = null;
  #ended = false;
  #reading = false;

  /** @param {import('./environment.js').Lane} lane */
  constructor(lane) {
    this.lane = lane;
    lane.ring = () => {
      this.#more = true;
      this.#wake?.();
    };
  }

  /** The next event, or null after the end. @param {AbortSignal} [signal] */
  async next(signal) {
    signal?.throwIfAborted();
    for (;;) {
      const event = this.#events.shift();
      if (event) {
        if (event.kind === 'closed') this.#ended = true;
        return event;
      }
      if (this.#ended) return null;
      if (this.#more) {
        const taken = this.lane.take();
        this.#events = taken.events;
        this.#more = taken.more;
        continue;
      }
      await this.#wait(signal);
    }
  }

  /** @param {AbortSignal} [signal] */
  #wait(signal) {
    if (this.#wake) throw new UsageError('somebody reads this stream already: one reader at a time', { code: 'concurrency' });
    return /** @type {Promise<void>} */ (
      new Promise((resolve, reject) => {
        const done = () => {
          this.#wake = null;
          signal?.removeEventListener('abort', stop);
        };
        const stop = () => {
          done();
          reject(signal?.reason);
        };
        this.#wake = () => {
          done();
          resolve();
        };
        signal?.addEventListener('abort', stop, { once: true });
      })
    );
  }

  /** Begins to read in a loop; a second loop at the same time is a mistake. */
  begin() {
    if (this.#reading) throw new UsageError('somebody iterates over this stream already', { code: 'concurrency' });
    this.#reading = true;
  }

  end() {
    this.#reading = false;
  }

  close() {
    this.#ended = true;
    this.lane.close();
    this.#wake?.();
  }
}

module.exports = { Stream };
