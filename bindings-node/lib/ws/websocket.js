'use strict';

const EventEmitter = require('node:events');
const { AsyncResource } = require('node:async_hooks');

const native = require('../native.js');
const { Lane, hold, poller, release } = require('../environment.js');
const { calling } = require('../errors.js');
const { FIELDS, LISTENER, wrap } = require('./events.js');
const options = require('./options.js');

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];
const BINARY = 1;
const FIRST = 2;
const FIN = 4;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Messages that are handed out before other callbacks get their turn. */
const SLICE = 16;

/**
 * A WebSocket with the interface of npm's `ws`: an EventEmitter with the properties of a browser's socket.
 *
 *     const WebSocket = require('topicwire/ws');
 *     const socket = new WebSocket('ws://127.0.0.1:8080/raw');
 *     socket.on('message', (data, isBinary) => console.log(data.toString()));
 *
 * There is no compression (`permessage-deflate`), and no server.
 */
class WebSocket extends EventEmitter {
  #state = CONNECTING;
  #native;
  #lane;
  #replies;
  #url;
  #resource;
  #protocol = '';
  /** @type {'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob'} */ #binaryType = 'nodebuffer';
  /** @type {any[]} */ #events = [];
  #more = false;
  #scheduled = false;
  #paused = false;
  #partial = false;
  #terminated = false;
  #oneAtATime;
  /** @type {Map<number, (error?: Error) => void>} */ #written = new Map();
  #next = 1;
  /** @type {{ code: number, reason: string } | null} */ #goodbye = null;

  /**
   * @param {string | URL} address
   * @param {string | string[] | object} [protocols]
   * @param {object} [given]
   */
  constructor(address, protocols, given) {
    super();
    if (protocols !== null && typeof protocols === 'object' && !Array.isArray(protocols)) [protocols, given] = [[], protocols];
    const offered = /** @type {string[]} */ (protocols === undefined || protocols === null ? [] : [protocols].flat());
    for (const [at, name] of offered.entries()) {
      if (typeof name !== 'string' || !TOKEN.test(name) || offered.indexOf(name) !== at) {
        throw new SyntaxError('An invalid or duplicated subprotocol was specified');
      }
    }
    const parsed = options.url(address);
    this.#url = parsed.href;
    this.#oneAtATime = /** @type {any} */ (given)?.allowSynchronousEvents === false;
    this.#resource = new AsyncResource('topicwire.WebSocket');
    this.#native = calling(() => new native.NativeClient(poller, options.client(parsed, offered, given ?? {})));
    this.#lane = calling(() => new Lane(this.#native, { overflow: 'block' }));
    this.#lane.ring = () => {
      this.#more = true;
      this.#schedule();
    };
    // Callbacks of `send` are called also while messages are held back.
    this.#replies = calling(() => new Lane(this.#native, { role: 'reply' }));
    this.#replies.ring = () => setImmediate(() => this.#resource.runInAsyncScope(() => this.#answers()));
    hold();
    calling(() => this.#native.connect());
  }

  get CONNECTING() {
    return CONNECTING;
  }

  get OPEN() {
    return OPEN;
  }

  get CLOSING() {
    return CLOSING;
  }

  get CLOSED() {
    return CLOSED;
  }

  get readyState() {
    return this.#state;
  }

  get url() {
    return this.#url;
  }

  get protocol() {
    return this.#protocol;
  }

  /** Nothing is negotiated, so there are none. */
  get extensions() {
    return '';
  }

  get isPaused() {
    return this.#paused;
  }

  /** Bytes that were given to `send` and not yet to the network. */
  get bufferedAmount() {
    return this.#state === CLOSED ? 0 : calling(() => this.#native.outboundBytes());
  }

  get binaryType() {
    return this.#binaryType;
  }

  set binaryType(type) {
    if (['nodebuffer', 'arraybuffer', 'fragments', 'blob'].includes(type)) this.#binaryType = type;
  }

  // Reading

  /** What there is comes in its own turn of the loop: never while the program's own code runs. */
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#resource.runInAsyncScope(() => this.#read());
    });
  }

  #read() {
    let left = this.#oneAtATime ? 1 : SLICE;
    try {
      while (left > 0 && !this.#holdsBack()) {
        if (this.#events.length === 0) {
          if (!this.#more) return;
          const taken = this.#lane.take();
          this.#events = taken.events;
          this.#more = taken.more;
          if (this.#events.length === 0) continue;
        }
        left -= 1;
        this.#happen(this.#events.shift());
      }
    } finally {
      // A listener that throws is the program's to hear of; what follows comes all the same.
      if ((this.#events.length > 0 || this.#more) && !this.#holdsBack()) this.#schedule();
    }
  }

  #holdsBack() {
    return this.#paused && this.#state === OPEN;
  }

  /** @param {any} event */
  #happen(event) {
    switch (event.kind) {
      case 'opened':
        if (this.#state !== CONNECTING) return;
        this.#state = OPEN;
        this.#protocol = event.protocol ?? '';
        this.emit('upgrade', { statusCode: event.status, headers: Object.fromEntries(event.headers) });
        this.emit('open');
        break;
      case 'message':
        // After `terminate()` nothing is told but the end, also of what had arrived before it.
        if (!this.#terminated) this.emit('message', this.#received(event), event.payloadKind === 'binary');
        break;
      case 'ping':
      case 'pong':
        if (this.#state === OPEN) this.emit(event.kind, event.payload);
        break;
      case 'closed':
        this.#over(event);
        break;
      default:
    }
  }

  #answers() {
    const { events, more } = this.#replies.take();
    if (more) this.#replies.ring();
    for (const event of events) if (event.kind === 'reply') this.#settle(event.request, event.error ?? undefined);
  }

  /** @param {any} message */
  #received(message) {
    if (message.payloadKind !== 'binary') return message.raw;
    switch (this.#binaryType) {
      case 'arraybuffer':
        return new Uint8Array(message.raw).buffer;
      case 'fragments':
        return [message.raw];
      case 'blob':
        return new Blob([message.raw]);
      default:
        return message.raw;
    }
  }

  /** @param {any} event */
  #over(event) {
    const opened = this.#state !== CONNECTING;
    const refusal = calling(() => this.#native.refusal());
    this.#answers();
    this.#lane.close();
    this.#replies.close();
    this.#state = CLOSED;
    release();
    for (const request of [...this.#written.keys()]) this.#settle(request, new Error('WebSocket is not open: readyState 3 (CLOSED)'));
    const { code, reason } = event.received ?? { code: 1006, reason: '' };
    const finish = () => this.emit('close', code, Buffer.from(reason));
    const error = failure(event, opened, refusal);
    if (refusal && !opened && this.listenerCount('unexpected-response') > 0) {
      this.emit('unexpected-response', {}, response(refusal));
      finish();
    } else if (error) {
      try {
        this.emit('error', error);
      } finally {
        finish();
      }
    } else {
      finish();
    }
  }

  // Writing

  /**
   * @param {any} data
   * @param {any} [about]
   * @param {(error?: Error) => void} [callback]
   */
  send(data, about, callback) {
    if (typeof about === 'function') [about, callback] = [undefined, about];
    if (this.#state === CONNECTING) throw new Error('WebSocket is not open: readyState 0 (CONNECTING)');
    if (typeof data === 'number') data = String(data);
    if (typeof Blob !== 'undefined' && data instanceof Blob) {
      void data.arrayBuffer().then((bytes) => this.send(bytes, { binary: true, ...about }, callback));
      return;
    }
    const binary = about?.binary ?? typeof data !== 'string';
    const fin = about?.fin ?? true;
    const flags = (binary ? BINARY : 0) | (this.#partial ? 0 : FIRST) | (fin ? FIN : 0);
    if (this.#write(flags, bytes(data), callback)) this.#partial = !fin;
  }

  /** @param {number} flags @param {Buffer} payload @param {((error?: Error) => void) | undefined} callback */
  #write(flags, payload, callback) {
    if (this.#state !== OPEN) {
      const error = new Error(`WebSocket is not open: readyState ${this.#state} (${['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'][this.#state]})`);
      if (callback) process.nextTick(callback, error);
      return false;
    }
    const request = callback ? this.#next : 0;
    if (callback) {
      this.#next += 1;
      this.#written.set(request, callback);
    }
    try {
      calling(() => this.#native.send(request, this.#replies.id, flags, payload));
      return true;
    } catch (error) {
      this.#written.delete(request);
      if (callback) process.nextTick(callback, /** @type {Error} */ (error));
      return false;
    }
  }

  /** @param {number} request @param {Error} [error] */
  #settle(request, error) {
    const callback = this.#written.get(request);
    this.#written.delete(request);
    callback?.(error);
  }

  /**
   * @param {any} [data]
   * @param {any} [mask]
   * @param {(error?: Error) => void} [callback]
   */
  ping(data, mask, callback) {
    if (typeof data === 'function') [data, callback] = [undefined, data];
    else if (typeof mask === 'function') callback = mask;
    if (this.#state === CONNECTING) throw new Error('WebSocket is not open: readyState 0 (CONNECTING)');
    if (this.#state !== OPEN) {
      if (callback) process.nextTick(callback, new Error(`WebSocket is not open: readyState ${this.#state}`));
      return;
    }
    const payload = data === undefined ? Buffer.alloc(0) : bytes(typeof data === 'number' ? String(data) : data);
    if (payload.length > 125) throw new RangeError('The data size must not be greater than 125 bytes');
    // Its pong comes as an event; nobody waits for the answer.
    calling(() => this.#native.submit(this.#next++, 0, '{"type":"ping"}', payload));
    if (callback) process.nextTick(callback);
  }

  // Ending

  /**
   * @param {number} [code]
   * @param {string | Buffer} [reason]
   */
  close(code, reason) {
    if (this.#state === CLOSED || this.#state === CLOSING) return;
    if (code !== undefined && !(code === 1000 || (code >= 3000 && code <= 4999) || [1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].includes(code))) {
      throw new TypeError('First argument must be a valid error code number');
    }
    if (reason !== undefined && Buffer.byteLength(reason) > 123) throw new RangeError('The message must not be greater than 123 bytes');
    if (this.#state === CONNECTING) {
      this.#abandon();
      return;
    }
    this.#state = CLOSING;
    this.#goodbye = { code: code ?? 1005, reason: String(reason ?? '') };
    calling(() => this.#native.close(this.#goodbye?.code ?? 1005, this.#goodbye?.reason ?? ''));
    this.resume();
  }

  /** Ends the connection at once, without a goodbye. */
  terminate() {
    if (this.#state === CLOSED) return;
    if (this.#state === CONNECTING) this.#abandon();
    else if (!this.#terminated) {
      this.#state = CLOSING;
      this.#terminated = true;
      calling(() => this.#native.abort());
      this.resume();
    }
  }

  /** The program does not want the connection that is being made. */
  #abandon() {
    this.#state = CLOSING;
    this.#lane.close();
    this.#replies.close();
    this.#events = [];
    this.#more = false;
    calling(() => this.#native.abort());
    release();
    process.nextTick(() => {
      this.#state = CLOSED;
      try {
        this.emit('error', new Error('WebSocket was closed before the connection was established'));
      } finally {
        this.emit('close', 1006, Buffer.alloc(0));
      }
    });
  }

  /** Holds messages back, and in the end the sender. */
  pause() {
    if (this.#state === OPEN) this.#paused = true;
  }

  resume() {
    this.#paused = false;
    if (this.#events.length > 0 || this.#more) this.#schedule();
  }

  // As browsers have it

  /** @param {string} type @param {any} listener @param {{ once?: boolean }} [about] */
  addEventListener(type, listener, about) {
    if (!(type in FIELDS) || this.listeners(type).some((/** @type {any} */ one) => one[LISTENER] === listener)) return;
    const call = wrap(this, type, listener);
    if (about?.once) this.once(type, call);
    else this.on(type, call);
  }

  /** @param {string} type @param {any} listener */
  removeEventListener(type, listener) {
    for (const call of this.listeners(type)) {
      if (/** @type {any} */ (call)[LISTENER] === listener) this.removeListener(type, /** @type {any} */ (call));
    }
  }
}

const ON = Symbol('on');
for (const type of Object.keys(FIELDS)) {
  Object.defineProperty(WebSocket.prototype, `on${type}`, {
    enumerable: true,
    configurable: true,
    get() {
      return this.listeners(type).find((/** @type {any} */ one) => one[ON])?.[LISTENER] ?? null;
    },
    set(listener) {
      for (const call of this.listeners(type)) if (call[ON]) this.removeListener(type, call);
      if (typeof listener === 'function') this.on(type, Object.assign(wrap(this, type, listener), { [ON]: true }));
    },
  });
}
Object.assign(WebSocket, { CONNECTING, OPEN, CLOSING, CLOSED });

/** @param {any} event @param {boolean} opened @param {any} refusal */
function failure(event, opened, refusal) {
  if (!opened && refusal) return new Error(`Unexpected server response: ${refusal.status}`);
  if (!opened) return event.cause ?? new Error('the connection could not be made');
  // A connection that merely broke is no error in `ws`: it is a close with 1006.
  if (!event.cause || ['connection_lost', 'closed'].includes(event.cause.code)) return null;
  return event.cause;
}

/** @param {any} refusal */
function response(refusal) {
  const headers = {};
  for (let at = 0; at < refusal.headers.length; at += 2) headers[refusal.headers[at]] = refusal.headers[at + 1];
  return { statusCode: refusal.status, headers, body: refusal.body };
}

/** @param {any} data */
function bytes(data) {
  if (typeof data === 'string') return Buffer.from(data);
  if (Buffer.isBuffer(data)) return data;
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer || (typeof SharedArrayBuffer !== 'undefined' && data instanceof SharedArrayBuffer)) return Buffer.from(data);
  if (Array.isArray(data)) return Buffer.from(data);
  throw new TypeError(
    `The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object. Received ${data === null ? 'null' : typeof data}`,
  );
}

module.exports = { WebSocket };
