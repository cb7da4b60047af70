'use strict';
// Reads the flat layout of docs/batch.md.

const { Message, utf8 } = require('./message.js');
const { fromCore } = require('./errors.js');

const MAGIC = 0x31425754; // TWB1
const NONE = 0xffffffff;

/** Reads a body, field after field. */
class Body {
  /** @param {Buffer} bytes @param {number} at */
  constructor(bytes, at) {
    this.bytes = bytes;
    this.at = at;
  }

  u32() {
    this.at += 4;
    return this.bytes.readUInt32LE(this.at - 4);
  }

  u64() {
    const low = this.u32();
    return low + this.u32() * 0x1_0000_0000;
  }

  /** A number that may be the core's own, above what a `number` can hold. */
  u64Exactly() {
    this.at += 8;
    return this.bytes.readBigUInt64LE(this.at - 8);
  }

  bool() {
    this.at += 1;
    return this.bytes[this.at - 1] === 1;
  }

  text() {
    const length = this.u32();
    if (length === NONE) return null;
    this.at += length;
    return this.bytes.toString('utf8', this.at - length, this.at);
  }

  data() {
    const length = this.u32();
    if (length === NONE) return null;
    this.at += length;
    return Buffer.from(this.bytes.subarray(this.at - length, this.at));
  }

  /** @template T @param {() => T} read */
  optional(read) {
    return this.bool() ? read() : null;
  }

  /** @template T @param {() => T} read @returns {T[]} */
  list(read) {
    return Array.from({ length: this.u32() }, read);
  }

  error() {
    const code = this.text() ?? 'internal';
    const message = this.text() ?? '';
    const gatewayCode = this.text();
    const gatewayText = this.text();
    return fromCore({ code, message, gatewayCode, gatewayText, retryable: this.bool() });
  }

  close() {
    const code = this.u32();
    return { code, reason: this.text() ?? '' };
  }
}

/** @type {Record<number, (body: Body, about: { subject: any, flags: number, length: number }) => object>} */
const KINDS = {
  2: (b) => ({ kind: 'state', from: b.text(), to: b.text(), cause: b.optional(() => b.error()) }),
  3: (b) => ({
    kind: 'opened',
    connection: b.u64(),
    protocol: b.text(),
    status: b.u32(),
    resumed: b.bool(),
    greeting: b.data(),
    headers: b.list(() => /** @type {[string, string]} */ ([b.text() ?? '', (b.data() ?? Buffer.alloc(0)).toString('latin1')])),
  }),
  4: (_, { subject, flags }) => ({ kind: 'subscribed', subscription: subject, recovered: !!(flags & 32), confirmed: !!(flags & 64) }),
  5: (_, { subject }) => ({ kind: 'unsubscribed', subscription: subject }),
  6: (b, { subject }) => ({ kind: 'ended', subscription: subject, outcome: b.text(), error: b.optional(() => b.error()) }),
  7: (b) => ({
    kind: 'gap',
    since: new Date(b.u64()),
    until: b.optional(() => new Date(b.u64())),
    cause: b.optional(() => b.error()),
    subscriptions: b.list(() => b.u64()),
  }),
  8: (b) => ({ kind: 'lagged', first: b.u64(), last: b.u64(), count: b.u64() }),
  9: (b, { subject, flags }) =>
    flags & 128
      ? {
          kind: 'reply',
          request: subject,
          subscription: b.optional(() => b.u64()),
          result: b.data(),
          confirmed: !!(flags & 64),
          error: null,
        }
      : { kind: 'reply', request: subject, subscription: null, result: null, confirmed: false, error: b.optional(() => b.error()) },
  10: (b, { subject }) => ({
    kind: 'need',
    request: subject,
    deadlineMs: b.u64(),
    what: b.text(),
    credential: b.text(),
    reason: b.text(),
    code: b.text(),
  }),
  11: (_, { subject }) => ({ kind: 'need_cancelled', request: subject }),
  12: () => ({ kind: 'writable' }),
  13: (b, { subject }) => ({
    kind: 'fault',
    subscription: subject,
    fault: b.text(),
    count: b.u64(),
    request: b.optional(() => b.u64Exactly()),
    error: b.optional(() => b.error()),
  }),
  14: (b, { length }) => ({ kind: 'ping', payload: Buffer.from(b.bytes.subarray(b.at, b.at + length)) }),
  15: (b, { length }) => ({ kind: 'pong', payload: Buffer.from(b.bytes.subarray(b.at, b.at + length)) }),
  16: (b) => ({
    kind: 'closed',
    received: b.optional(() => b.close()),
    sent: b.optional(() => b.close()),
    receivedFirst: b.bool(),
    clean: b.bool(),
    cause: b.optional(() => b.error()),
  }),
};

/**
 * Decodes a batch that begins a buffer. Nothing of the buffer is kept.
 * @param {Buffer} buffer
 * @param {any} client the native client, which knows what payloads mean
 * @returns {{ events: any[], more: boolean }}
 */
function decode(buffer, client) {
  if (buffer.length < 32 || buffer.readUInt32LE(0) !== MAGIC || buffer.readUInt16LE(4) !== 1) {
    throw new Error('the addon speaks another batch layout than this package: install both anew, in the same version');
  }
  const headerLength = buffer.readUInt16LE(6);
  const recordLength = buffer.readUInt16LE(8);
  const more = (buffer.readUInt16LE(10) & 1) === 1;
  const count = buffer.readUInt32LE(12);
  const strings = table(buffer, buffer.readUInt32LE(16), buffer.readUInt32LE(20));
  // One string for all payloads: a slice of it costs nothing, and one byte a character keeps it small.
  const whole = buffer.latin1Slice(0, buffer.readUInt32LE(24));
  const events = new Array(count);
  for (let index = 0; index < count; index += 1) {
    events[index] = event(buffer, headerLength + index * recordLength, strings, whole, client);
  }
  return { events, more };
}

function table(/** @type {Buffer} */ buffer, /** @type {number} */ at, /** @type {number} */ count) {
  return Array.from({ length: count }, (_, index) => {
    const start = buffer.readUInt32LE(at + index * 8);
    return buffer.toString('utf8', start, start + buffer.readUInt32LE(at + index * 8 + 4));
  });
}

/**
 * @param {Buffer} buffer
 * @param {number} at
 * @param {string[]} strings
 * @param {string} whole
 * @param {any} client
 */
function event(buffer, at, strings, whole, client) {
  const kind = buffer.readUInt16LE(at);
  const flags = buffer.readUInt16LE(at + 2);
  const seq = u64(buffer, at + 8);
  const bodyAt = buffer.readUInt32LE(at + 32);
  const bodyLength = buffer.readUInt32LE(at + 36);
  // The core numbers its own requests above what a `number` can hold.
  const subject = !(flags & 8) ? null : kind === 10 || kind === 11 ? buffer.readBigUInt64LE(at + 24) : u64(buffer, at + 24);
  if (kind === 1) {
    const topic = buffer.readUInt32LE(at + 40);
    const room = buffer.readUInt32LE(at + 44);
    return new Message({
      seq,
      connection: buffer.readUInt32LE(at + 4),
      receivedAt: u64(buffer, at + 16),
      topic: topic === NONE ? null : strings[topic],
      room: room === NONE ? null : strings[room],
      id: slice(whole, buffer, at + 48),
      time: slice(whole, buffer, at + 56),
      subscriptions: flags & 16 ? several(buffer, at + 24) : subject === null ? [] : [subject],
      bytes: whole.slice(bodyAt, bodyAt + bodyLength),
      flags,
      client,
    });
  }
  const read = KINDS[kind];
  if (!read) return { kind: 'unknown', number: kind, seq };
  return { ...read(new Body(buffer, bodyAt), { subject, flags, length: bodyLength }), seq };
}

function several(/** @type {Buffer} */ buffer, /** @type {number} */ at) {
  const start = buffer.readUInt32LE(at);
  return Array.from({ length: buffer.readUInt32LE(at + 4) }, (_, index) => u64(buffer, start + index * 8));
}

function slice(/** @type {string} */ whole, /** @type {Buffer} */ buffer, /** @type {number} */ at) {
  const start = buffer.readUInt32LE(at);
  return start === 0 ? null : utf8(whole.slice(start, start + buffer.readUInt32LE(at + 4)));
}

function u64(/** @type {Buffer} */ buffer, /** @type {number} */ at) {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * 0x1_0000_0000;
}

module.exports = { decode };
