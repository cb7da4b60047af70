'use strict';

const native = require('./native.js');
const { ClosedError, calling } = require('./errors.js');
const { Lane, hold, poller, release } = require('./environment.js');
const { Handlers, KINDS } = require('./handlers.js');
const { Iteration, batches } = require('./iteration.js');
const { bytes } = require('./payload.js');
const { Requests } = require('./requests.js');
const { Stream } = require('./stream.js');
const { snaked } = require('./options.js');

// What `send` is told of a message.
const BINARY = 1;
const WHOLE = 2 | 4;

/** What every client has: a life, events to read or to handle, and commands. */
class Client {
  #handlers;
  #service;
  #mainOptions;
  #hushed = false;
  #read = false;
  #held = false;
  #wantsHold = true;
  /** @type {any} */ #closed = null;
  /** @type {{ promise: Promise<any>, resolve: (event: any) => void }} */ #end;
  /** @type {Array<{ resolve: () => void, reject: (error: unknown) => void }>} */ #connecting = [];
  #connected = false;

  /**
   * @param {string} options in JSON
   * @param {import('./providers.js').Providers} providers
   * @param {object} main the options of the main lane
   */
  constructor(options, providers, main) {
    this._native = calling(() => new native.NativeClient(poller, options));
    this._providers = providers;
    // It opens before anything can happen, so that nothing falls between connecting and the first loop.
    this._main = new Stream(calling(() => new Lane(this._native, main)));
    this.#mainOptions = main;
    this._requests = new Requests(this._native);
    this.#handlers = new Handlers(this._native, main);
    this.#service = calling(() => new Lane(this._native, { role: 'service', filter: { kinds: ['state', 'fault'] } }));
    this.#service.ring = () => this.#serve();
    /** @type {any} */
    const end = {};
    end.promise = new Promise((resolve) => (end.resolve = resolve));
    this.#end = end;
  }

  /** What the core itself wants of us. */
  #serve() {
    const { events, more } = this.#service.take();
    if (more) setImmediate(() => this.#serve());
    for (const event of events) {
      switch (event.kind) {
        case 'need':
          void this._providers.answer(this._native, event);
          break;
        case 'need_cancelled':
          this._providers.cancel(event.request);
          break;
        case 'fault':
          this._providers.explain(event);
          break;
        case 'state':
          if (event.to === 'active') for (const waiting of this.#connecting.splice(0)) waiting.resolve();
          break;
        case 'closed':
          this.#over(event);
          break;
        default:
      }
    }
  }

  /** @param {any} event */
  #over(event) {
    this.#closed = event;
    const error = event.cause ?? new ClosedError('the client is closed', { code: 'closed' });
    for (const waiting of this.#connecting.splice(0)) waiting.reject(error);
    this._requests.end(event.cause);
    if (this.#held) {
      this.#held = false;
      release();
    }
    this.#end.resolve(event);
  }

  /** How it ended: the `closed` event; null while it lives. */
  get closed() {
    return this.#closed;
  }

  /** The state: `idle`, `connecting`, `active`, … */
  get state() {
    return calling(() => this._native.state());
  }

  /** Counters. */
  get stats() {
    return calling(() => this._native.stats());
  }

  /** Begins, without waiting. */
  _start() {
    if (this.#connected) return;
    calling(() => this._native.connect());
    this.#connected = true;
    if (this.#wantsHold) this.ref();
  }

  /** Writes a message. Waits only while much else waits to be written. @param {string | Buffer | ArrayBuffer | ArrayBufferView} payload @param {AbortSignal} [signal] */
  async _write(payload, signal) {
    signal?.throwIfAborted();
    const text = typeof payload === 'string';
    const busy = calling(() => this._native.send(0, 0, WHOLE | (text ? 0 : BINARY), text ? Buffer.from(payload) : bytes(payload)));
    if (busy) await this._requests.writable(signal);
  }

  /**
   * Connects. Resolves when the gateway has greeted; goes on trying until then. Rejects when that is hopeless.
   * @param {{ signal?: AbortSignal }} [about]
   */
  async connect({ signal } = {}) {
    signal?.throwIfAborted();
    this._start();
    if (this.state === 'active') return;
    if (this.#closed) throw this.#closed.cause ?? new ClosedError('the client is closed', { code: 'closed' });
    await new Promise((resolve, reject) => {
      const waiting = { resolve: () => resolve(undefined), reject };
      this.#connecting.push(waiting);
      signal?.addEventListener(
        'abort',
        () => {
          this.#connecting = this.#connecting.filter((one) => one !== waiting);
          reject(signal.reason);
        },
        { once: true },
      );
    });
  }

  /** Keeps the process alive while this client is open, as it does unless told otherwise. */
  ref() {
    this.#wantsHold = true;
    if (!this.#held && this.#connected && !this.#closed) {
      this.#held = true;
      hold();
    }
    return this;
  }

  /** Lets the process end though this client is open. */
  unref() {
    this.#wantsHold = false;
    if (this.#held) {
      this.#held = false;
      release();
    }
    return this;
  }

  /**
   * Ends the client politely and resolves when it has ended. Calling it twice does no harm.
   * @param {number} [code]
   * @param {string} [reason]
   */
  async close(code = 1000, reason = '') {
    if (this.#closed) return;
    calling(() => this._native.close(code, reason));
    // Whoever waits for the end must see it, also of a client that keeps nothing alive.
    hold();
    await this.#end.promise;
    release();
    this.#handlers.close();
  }

  /** Ends the client at once. */
  abort() {
    calling(() => this._native.abort());
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }

  /**
   * Registers a function for the messages of a topic, or for a kind of event (`message`, `state`, `gap`, `fault`, `closed`, …).
   * @param {string} name
   * @param {Function} listener
   */
  on(name, listener) {
    this.#handlers.add(name, listener, false);
    this.#hush(name);
    return this;
  }

  /** The same for the next one only. @param {string} name @param {Function} listener */
  once(name, listener) {
    this.#handlers.add(name, listener, true);
    this.#hush(name);
    return this;
  }

  /** Takes a function back. @param {string} name @param {Function} listener */
  off(name, listener) {
    this.#handlers.remove(name, listener);
    return this;
  }

  /** Who handles messages mostly reads none in a loop: there they would only fill a queue, and cost what the core would else leave out. */
  #hush(/** @type {string} */ name) {
    if (this.#read || this.#hushed || (name !== 'message' && KINDS.has(name))) return;
    this.#hushed = true;
    this.#listen({ filter: { kinds: [...KINDS].filter((kind) => kind !== 'message' && kind !== 'closed') } });
  }

  /** @param {object} change */
  #listen(change) {
    const { id, token } = this._main.lane;
    try {
      this._native.setLane(id, JSON.stringify({ ...change, ...this.#mainOptions, token }));
    } catch {
      // It has ended, and nothing comes any more.
    }
  }

  /**
   * Every event in order, until the client ends; throws if it did not end well. Where messages are handled, they are here from the first loop on.
   */
  [Symbol.asyncIterator]() {
    this.#read = true;
    if (this.#hushed) this.#listen({});
    this.#hushed = false;
    return new Iteration(this._main, { judge });
  }

  /**
   * A stream of its own: `for await (const e of client.stream({ topics: ['channel.tips'] }))`. It hears what comes from now on, and leaving the loop
   * closes it.
   * @param {Wanted} [wanted]
   */
  stream(wanted) {
    const stream = this.#open(wanted);
    return new Iteration(stream, { judge, finish: () => stream.close(), signal: wanted?.signal });
  }

  /**
   * The same in arrays of up to 256 events, for who needs the speed.
   * @param {Wanted} [wanted]
   */
  batches(wanted) {
    const stream = this.#open(wanted);
    return batches(stream, { judge, finish: () => stream.close(), signal: wanted?.signal });
  }

  /** @param {Wanted} [wanted] */
  #open({ topics, rooms, kinds, overflow, ...others } = {}) {
    const { signal, ...unknown } = others;
    signal?.throwIfAborted();
    const options = { filter: snaked({ topics, rooms, kinds, ...unknown }), overflow };
    return new Stream(calling(() => new Lane(this._native, options)));
  }
}

/** @typedef {{ topics?: string[], rooms?: string[], kinds?: string[], overflow?: string, signal?: AbortSignal }} Wanted */

/** Everything is wanted but the end. @param {any} event */
function judge(event) {
  if (event.kind !== 'closed') return true;
  if (event.cause) throw event.cause;
  return null;
}

module.exports = { Client };
