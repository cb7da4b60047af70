// The server's side of a WebSocket, no more of it than scenarios need.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** What comes, one after the other, for who asks. `null` after the end. */
class Queue {
  #items = [];
  #waiting = [];
  #ended = false;

  push(item) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(item);
    else this.#items.push(item);
  }

  end() {
    this.#ended = true;
    for (const waiting of this.#waiting.splice(0)) waiting(null);
  }

  next() {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift());
    return this.#ended ? Promise.resolve(null) : new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** A connection whose upgrade nobody has answered yet. */
class Waiting {
  constructor(request, stream, head) {
    this.path = request.url;
    this.offers = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim()).filter(Boolean);
    this.key = request.headers['sec-websocket-key'];
    this.stream = stream;
    this.head = head;
  }

  accept(protocol) {
    const digest = createHash('sha1').update(`${this.key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const chosen = protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
    this.stream.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${digest}\r\n${chosen}\r\n`);
    return new Socket(this.stream, this.head);
  }

  refuse(status, headers) {
    const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.stream.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n${more.join('')}\r\n`);
  }
}

/** An open connection. */
class Socket {
  #stream;
  #unread;
  #frames = new Queue();

  constructor(stream, head) {
    this.#stream = stream;
    this.#unread = head;
    this.#read();
    stream.on('data', (piece) => {
      this.#unread = Buffer.concat([this.#unread, piece]);
      this.#read();
    });
    stream.on('close', () => this.#frames.end());
  }

  send(text) {
    this.#write(TEXT, Buffer.from(text));
  }

  /** The client's next text message. */
  async text() {
    for (;;) {
      const frame = await this.#frames.next();
      if (frame === null || frame.kind === CLOSE) throw new Error('the client ends the connection');
      if (frame.kind === TEXT) return frame.payload.toString();
    }
  }

  /** Closes with a close frame, and waits for the client's. */
  async close(code, reason) {
    this.#write(CLOSE, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]));
    await this.#goodbye();
    this.#stream.end();
  }

  /** The code of the client's close frame, which is answered; null if the connection ends without one. */
  async closed() {
    const payload = await this.#goodbye();
    if (payload) this.#write(CLOSE, payload);
    this.#stream.end();
    return payload && payload.length >= 2 ? payload.readUInt16BE(0) : null;
  }

  /** Ends it without a word. */
  hangUp() {
    this.#stream.destroy();
  }

  async #goodbye() {
    for (let frame = await this.#frames.next(); frame !== null; frame = await this.#frames.next()) {
      if (frame.kind === CLOSE) return frame.payload;
    }
    return null;
  }

  #write(kind, payload) {
    const { length } = payload;
    let head;
    if (length < 126) {
      head = Buffer.from([0x80 | kind, length]);
    } else if (length < 1 << 16) {
      head = Buffer.from([0x80 | kind, 126, length >> 8, length & 255]);
    } else {
      head = Buffer.alloc(10);
      head[0] = 0x80 | kind;
      head[1] = 127;
      head.writeBigUInt64BE(BigInt(length), 2);
    }
    if (!this.#stream.destroyed) this.#stream.write(Buffer.concat([head, payload]));
  }

  #read() {
    for (;;) {
      const frame = this.#unread;
      if (frame.length < 2) return;
      const short = frame[1] & 0x7f;
      const maskAt = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (frame.length < maskAt + 4) return;
      const length = short < 126 ? short : short === 126 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2));
      const start = maskAt + 4;
      if (frame.length < start + length) return;
      const mask = frame.subarray(maskAt, start);
      const payload = frame.subarray(start, start + length).map((byte, at) => byte ^ mask[at & 3]);
      this.#unread = frame.subarray(start + length);
      const kind = frame[0] & 0x0f;
      if (kind === PING) this.#write(PONG, Buffer.from(payload));
      this.#frames.push({ kind, payload: Buffer.from(payload) });
    }
  }
}

/** Connections on a free port, in the order in which they come. */
export class Server {
  #arrived = new Queue();
  #streams = new Set();
  #http = http.createServer((_, answer) => answer.writeHead(426).end());

  static async start() {
    const server = new Server();
    server.#http.on('upgrade', (request, stream, head) => {
      server.#streams.add(stream);
      stream.on('error', () => {});
      server.#arrived.push(new Waiting(request, stream, head));
    });
    server.#http.listen(0, '127.0.0.1');
    await once(server.#http, 'listening');
    return server;
  }

  get url() {
    return `ws://127.0.0.1:${this.#http.address().port}/`;
  }

  next() {
    return this.#arrived.next();
  }

  stop() {
    this.#http.close();
    for (const stream of this.#streams) stream.destroy();
  }
}
