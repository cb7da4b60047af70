// As much of a WebSocket client as these tests need: it opens, sends short texts, and reads texts.

import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { once } from 'node:events';

export class Socket {
  #stream;
  #unread;

  static async open(url, protocol) {
    const headers = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      ...(protocol && { 'sec-websocket-protocol': protocol }),
    };
    const call = http.request(url.replace('ws:', 'http:'), { headers, agent: false }).end();
    const [, stream, head] = await once(call, 'upgrade');
    const self = new Socket();
    self.#stream = stream;
    self.#unread = head;
    stream.on('error', () => {});
    stream.on('data', (piece) => (self.#unread = Buffer.concat([self.#unread, piece])));
    return self;
  }

  send(message) {
    const payload = Buffer.from(JSON.stringify(message));
    const length = payload.length < 126 ? Buffer.from([128 | payload.length]) : Buffer.from([128 | 126, payload.length >> 8, payload.length & 255]);
    this.#stream.write(Buffer.concat([Buffer.from([0x81]), length, Buffer.alloc(4), payload]));
  }

  /** The next text that fits, decoded. */
  async receive(fits = () => true) {
    for (;;) {
      const text = this.#take();
      if (text === undefined) await once(this.#stream, 'data');
      else if (fits(JSON.parse(text))) return JSON.parse(text);
    }
  }

  close() {
    this.#stream.destroy();
  }

  #take() {
    const frame = this.#unread;
    if (frame.length < 2) return undefined;
    const short = frame[1];
    const start = short < 126 ? 2 : 4;
    if (frame.length < start) return undefined;
    const length = short < 126 ? short : frame.readUInt16BE(2);
    if (frame.length < start + length) return undefined;
    this.#unread = frame.subarray(start + length);
    return frame[0] === 0x81 ? frame.subarray(start, start + length).toString() : this.#take();
  }
}

/** A connection that has subscribed to a topic of Astro. */
export async function subscriber(gateway, topic, token = 'any') {
  const socket = await Socket.open(gateway.astroUrl);
  socket.send({ type: 'subscribe', nonce: '1', data: { topic, token, token_type: 'jwt' } });
  await socket.receive((message) => message.type === 'response');
  return socket;
}
