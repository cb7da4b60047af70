'use strict';

const { calling } = require('./errors.js');
const { Lane } = require('./environment.js');

const KINDS = new Set(['message', 'state', 'opened', 'subscribed', 'unsubscribed', 'ended', 'gap', 'lagged', 'fault', 'ping', 'pong', 'closed']);

/** Functions that are called with events: by topic, or by kind of event. They have a lane of their own. */
class Handlers {
  /** @type {Map<string, Array<{ call: Function, once: boolean }>>} */ #listeners = new Map();
  /** @type {Lane | null} */ #lane = null;
  /** @type {any[]} */ #left = [];
  #more = false;
  #scheduled = false;

  /** @param {any} native @param {object} options of the lane */
  constructor(native, options) {
    this.native = native;
    this.options = options;
  }

  /** @param {string} name @param {Function} call @param {boolean} once */
  add(name, call, once) {
    if (typeof call !== 'function') throw new TypeError(`a handler of \`${name}\` is a function`);
    const list = this.#listeners.get(name) ?? [];
    this.#listeners.set(name, [...list, { call, once }]);
    this.#wanted();
  }

  /** @param {string} name @param {Function} call */
  remove(name, call) {
    const list = (this.#listeners.get(name) ?? []).filter((one) => one.call !== call);
    if (list.length === 0) this.#listeners.delete(name);
    else this.#listeners.set(name, list);
  }

  /** Tells the core what is wanted, so that the rest costs nothing. */
  #wanted() {
    const names = [...this.#listeners.keys()];
    const everything = names.includes('message');
    const filter = everything ? {} : { topics: names.filter((name) => !KINDS.has(name)) };
    if (this.#lane) {
      const { id, token } = this.#lane;
      calling(() => this.native.setLane(id, JSON.stringify({ ...this.options, filter, token })));
      return;
    }
    this.#lane = calling(() => new Lane(this.native, { ...this.options, filter }));
    this.#lane.ring = () => {
      this.#more = true;
      this.#go();
    };
  }

  #go() {
    if (this.#scheduled) return;
    if (this.#left.length === 0) {
      if (!this.#more || !this.#lane) return;
      const taken = this.#lane.take();
      this.#left = taken.events;
      this.#more = taken.more;
    }
    try {
      while (this.#left.length > 0) this.#emit(this.#left.shift());
    } finally {
      // A handler that throws is the program's to hear of, as `uncaughtException`; the events that follow come all the same.
      if (this.#left.length > 0 || this.#more) {
        this.#scheduled = true;
        setImmediate(() => {
          this.#scheduled = false;
          this.#go();
        });
      }
    }
  }

  /** @param {any} event */
  #emit(event) {
    const names = event.kind === 'message' && event.topic !== null ? [event.topic, 'message'] : [event.kind];
    for (const name of names) {
      for (const { call, once } of this.#listeners.get(name) ?? []) {
        if (once) this.remove(name, call);
        call(event);
      }
    }
  }

  close() {
    this.#lane?.close();
  }
}

module.exports = { Handlers, KINDS };
