'use strict';
// The other style of listening: `addEventListener` and `onmessage`, as browsers have them.

/** What the listeners of `addEventListener` get. They are Node's own events, with the fields that browsers' have. */
class SocketEvent extends Event {
  /** @param {string} type @param {any} target @param {object} fields */
  constructor(type, target, fields) {
    super(type);
    Object.defineProperty(this, 'target', { value: target, enumerable: true });
    Object.assign(this, fields);
  }
}

/** How the arguments of an emitted event become the fields of a browser's. @type {Record<string, (...given: any[]) => object>} */
const FIELDS = {
  open: () => ({}),
  message: (data, isBinary) => ({ data: isBinary ? data : data.toString() }),
  close: (code, reason) => ({ code, reason: reason.toString(), wasClean: code !== 1006 }),
  error: (error) => ({ error, message: error.message }),
};

const LISTENER = Symbol('listener');

/**
 * The wrapper of a browser's listener that an emitter calls.
 * @param {any} socket @param {string} type @param {any} listener
 */
function wrap(socket, type, listener) {
  const call = (/** @type {any[]} */ ...given) => {
    const event = new SocketEvent(type, socket, FIELDS[type](...given));
    if (typeof listener === 'function') listener.call(socket, event);
    else listener.handleEvent(event);
  };
  return Object.assign(call, { [LISTENER]: listener });
}

module.exports = { FIELDS, LISTENER, wrap };
