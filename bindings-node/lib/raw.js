'use strict';

const { Client } = require('./client.js');
const { calling } = require('./errors.js');
const { Providers } = require('./providers.js');
const options = require('./options.js');

// A reader that is slow slows the sender down.
const MAIN = { overflow: 'block', lazy: true };
const BINARY = 1;
const WHOLE = 2 | 4;

/**
 * Sends and receives messages over a plain WebSocket.
 *
 *     const socket = new Raw('ws://127.0.0.1:8080/raw');
 *     await socket.connect();
 *     await socket.send('hello');
 *     for await (const event of socket) if (event.kind === 'message') console.log(event.data);
 */
class Raw extends Client {
  /** @param {string | URL} url @param {any} [given] */
  constructor(url, given = {}) {
    super(options.client('raw', { ...given, url: String(url) }), new Providers(), MAIN);
  }

  /**
   * Sends a text or a binary message. Waits only while much else waits to be written.
   * @param {string | Buffer | ArrayBuffer | ArrayBufferView} payload
   */
  async send(payload) {
    const text = typeof payload === 'string';
    const busy = calling(() => this._native.send(0, 0, WHOLE | (text ? 0 : BINARY), text ? Buffer.from(payload) : bytes(payload)));
    if (busy) await this._requests.writable();
  }

  /**
   * Sends a ping and resolves with the payload of its pong.
   * @param {Uint8Array} [payload]
   * @param {{ signal?: AbortSignal }} [about]
   */
  async ping(payload = new Uint8Array(), { signal } = {}) {
    const reply = await this._requests.ask({ type: 'ping' }, { payload, signal });
    return reply.result ?? Buffer.alloc(0);
  }
}

/** @param {any} payload */
function bytes(payload) {
  if (Buffer.isBuffer(payload)) return payload;
  if (ArrayBuffer.isView(payload)) return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (payload instanceof ArrayBuffer) return Buffer.from(payload);
  throw new TypeError('a message is a string, a Buffer, an ArrayBuffer or a view of one');
}

module.exports = { Raw };
