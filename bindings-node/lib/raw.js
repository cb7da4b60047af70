'use strict';

const { Client } = require('./client.js');
const { Providers } = require('./providers.js');
const options = require('./options.js');

// A reader that is slow slows the sender down.
const MAIN = { overflow: 'block', lazy: true };

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
   * @param {{ signal?: AbortSignal }} [about] ends the wait; the message is on its way all the same
   */
  async send(payload, { signal } = {}) {
    await this._write(payload, signal);
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

module.exports = { Raw };
