'use strict';

const { UsageError } = require('./errors.js');

/** Events that are handed out before other callbacks, a timer's say, get their turn, however fast events come. */
const SLICE = 256;

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** The events of a lane in order, for one reader at a time. What one reader leaves, the next one finds. */
class Stream {
  /** @type {any[]} */ #events = [];
  #at = 0;
  #more = false;
  /** Events that may still be taken in this turn of the loop. */ #left = 0;
  /** @type {(() => void) | null} */ #wake = null;
  #ended = false;
  #reading = false;

  /** @param {import('./environment.js').Lane} lane */
  constructor(lane) {
    this.lane = lane;
    lane.ring = () => {
      this.#more = true;
      this.#left = SLICE;
      this.#wake?.();
    };
  }

  /** The next event if it is here already. */
  shift() {
    if (this.#at === this.#events.length) return undefined;
    const event = this.#events[this.#at];
    this.#events[this.#at] = undefined;
    this.#at += 1;
    if (event.kind === 'closed') this.#ended = true;
    return event;
  }

  /** The next event, or null after the end. @param {AbortSignal} [signal] */
  async next(signal) {
    return (await this.#filled(signal)) ? this.shift() : null;
  }

  /** All that is here, or null after the end. The last event of a stream comes alone. @param {AbortSignal} [signal] */
  async batch(signal) {
    if (!(await this.#filled(signal))) return null;
    const events = this.#at === 0 ? this.#events : this.#events.slice(this.#at);
    const last = events.length > 1 && events[events.length - 1].kind === 'closed' ? [events.pop()] : [];
    [this.#events, this.#at] = [last, 0];
    if (events[0].kind === 'closed') this.#ended = true;
    return events;
  }

  /** Waits until there are events; false after the end. @param {AbortSignal} [signal] */
  async #filled(signal) {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#at < this.#events.length) return true;
      if (this.#ended) return false;
      if (!this.#more) {
        await this.#wait(signal);
      } else if (this.#left > 0) {
        const taken = this.lane.take();
        [this.#events, this.#at, this.#more] = [taken.events, 0, taken.more];
        this.#left -= taken.events.length;
      } else {
        await turn();
        this.#left = SLICE;
      }
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
