// A WebSocket of npm `ws` that keeps what it got: for tests that look at single frames.
import WebSocket from 'ws';
import { until } from './until.mjs';

export const MODERN = { protocol: 'graphql-transport-ws', start: 'subscribe', data: 'next', stop: 'complete' };
export const LEGACY = { protocol: 'graphql-ws', start: 'start', data: 'data', stop: 'stop' };

export class Wire {
  frames = [];

  end = null; // { code, reason }, or { status } of a refused upgrade

  static async open(url, words, headers = {}) {
    const wire = new Wire(url, words, headers);
    await wire.until('the upgrade or its refusal', () => wire.opened || wire.end);
    return wire;
  }

  /** Opens, sends the init and waits for the ack. */
  static async ready(url, words, payload = undefined) {
    const wire = await Wire.open(url, words);
    wire.send({ type: 'connection_init', payload });
    await wire.got({ type: 'connection_ack' });
    return wire;
  }

  constructor(url, words, headers) {
    this.words = words;
    this.socket = new WebSocket(url, words.protocol ?? [], { headers });
    this.socket.on('open', () => { this.opened = true; });
    this.socket.on('message', (data) => this.frames.push(JSON.parse(String(data))));
    this.socket.on('unexpected-response', (_, response) => { this.end = { status: response.statusCode }; });
    this.socket.on('close', (code, reason) => { this.end ??= { code, reason: String(reason) }; });
    this.socket.on('error', () => {});
  }

  send(frame) {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  start(id, query, more = {}) {
    this.send({ id, type: this.words.start, payload: { query, ...more } });
  }

  stop(id) {
    this.send({ id, type: this.words.stop });
  }

  of(id) {
    return this.frames.filter((frame) => frame.id === id);
  }

  /** Waits for a frame that has at least these fields. */
  got(wanted) {
    const matches = (frame) => Object.entries(wanted).every(([key, value]) => frame[key] === value);
    return this.until(JSON.stringify(wanted), () => this.frames.find(matches));
  }

  closed() {
    return this.until('the close', () => this.end);
  }

  until(what, look) {
    return until(what, look, () => ({ frames: this.frames.slice(-5), end: this.end }));
  }

  /** When this returns, everything that the server said to what was sent before has arrived. */
  async fence() {
    const id = `fence ${this.frames.length}`;
    this.start(id, '{ hello }');
    await this.got({ id, type: 'complete' });
    this.frames = this.frames.filter((frame) => frame.id !== id);
  }

  drop() {
    this.socket.terminate();
  }
}
