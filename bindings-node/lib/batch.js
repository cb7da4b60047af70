'use strict';
// Reads the flat layout of docs/batch.md.

const { IS_ASCII, Message, utf8 } = require('./message.js');
const { fromCore } = require('./errors.js');

const MAGIC = 0x31425754; // TWB1
const NONE = 0xffffffff;
const HIGH = 0x1_0000_0000;
const MESSAGE = 1;
// Flags of a batch.
const MORE = 1;
const ALL_ASCII = 2;
// Flags of a record.
const SUBJECT = 8;
const SEVERAL = 16;

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
    return low + this.u32() * HIGH;
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
 * Decodes a batch that begins a room. Nothing of the room is kept.
 * @param {Room} room
 * @param {any} client the native client, which knows what payloads mean
 * @returns {{ events: any[], more: boolean }}
 */
function decode({ buffer, words }, client) {
  if (buffer.length < 32 || buffer.readUInt32LE(0) !== MAGIC || buffer.readUInt16LE(4) !== 1) {
    throw new Error('the addon speaks another batch layout than this package: install both anew, in the same version');
  }
  const headerLength = buffer.readUInt16LE(6);
  const recordLength = buffer.readUInt16LE(8);
  const flags = buffer.readUInt16LE(10);
  const count = buffer.readUInt32LE(12);
  const stringsAt = buffer.readUInt32LE(16);
  const strings = table(buffer, stringsAt, buffer.readUInt32LE(20));
  // One string for all payloads: a slice of it costs nothing, and one byte a character keeps it small.
  const batch = { buffer, strings, client, whole: buffer.latin1Slice(0, buffer.readUInt32LE(24)), ascii: (flags & ALL_ASCII) !== 0 };
  const events = new Array(count);
  for (let index = 0; index < count; index += 1) {
    const at = headerLength + index * recordLength;
    events[index] = (words[at >>> 2] & 0xffff) === MESSAGE ? message(batch, words, at >>> 2) : other(batch, at);
  }
  return { events, more: (flags & MORE) !== 0 };
}

function table(/** @type {Buffer} */ buffer, /** @type {number} */ at, /** @type {number} */ count) {
  const strings = new Array(count);
  for (let index = 0; index < count; index += 1) {
    const start = buffer.readUInt32LE(at + index * 8);
    strings[index] = buffer.toString('utf8', start, start + buffer.readUInt32LE(at + index * 8 + 4));
  }
  return strings;
}

/** Where a batch is written, as bytes and as words: numbers are read as words, which is several times as fast, and headers and records are words long. */
class Room {
  /** @param {number} size in bytes */
  constructor(size) {
    this.buffer = Buffer.allocUnsafeSlow(size);
    this.words = new Uint32Array(this.buffer.buffer, 0, size >>> 2);
  }
}

/** @typedef {{ buffer: Buffer, strings: string[], client: any, whole: string, ascii: boolean }} Batch */

/**
 * @param {Batch} batch
 * @param {Uint32Array} words
 * @param {number} at
 */
function message(batch, words, at) {
  const flags = words[at] >>> 16;
  const [topic, room, bodyAt] = [words[at + 10], words[at + 11], words[at + 8]];
  return new Message(
    words[at + 2] + words[at + 3] * HIGH,
    words[at + 1],
    words[at + 4] + words[at + 5] * HIGH,
    topic === NONE ? null : batch.strings[topic],
    room === NONE ? null : batch.strings[room],
    slice(batch, words[at + 12], words[at + 13]),
    slice(batch, words[at + 14], words[at + 15]),
    flags & SEVERAL ? several(batch.buffer, words[at + 6], words[at + 7]) : flags & SUBJECT ? [words[at + 6] + words[at + 7] * HIGH] : [],
    batch.whole.slice(bodyAt, bodyAt + words[at + 9]),
    batch.ascii ? flags | IS_ASCII : flags,
    batch.client,
  );
}

/** @param {Batch} batch @param {number} at */
function other({ buffer }, at) {
  const kind = buffer.readUInt16LE(at);
  const flags = buffer.readUInt16LE(at + 2);
  const seq = u64(buffer, at + 8);
  const read = KINDS[kind];
  if (!read) return { kind: 'unknown', number: kind, seq };
  // The core numbers its own requests above what a `number` can hold.
  const subject = !(flags & SUBJECT) ? null : kind === 10 || kind === 11 ? buffer.readBigUInt64LE(at + 24) : u64(buffer, at + 24);
  const body = new Body(buffer, buffer.readUInt32LE(at + 32));
  return { ...read(body, { subject, flags, length: buffer.readUInt32LE(at + 36) }), seq };
}

function several(/** @type {Buffer} */ buffer, /** @type {number} */ start, /** @type {number} */ count) {
  return Array.from({ length: count }, (_, index) => u64(buffer, start + index * 8));
}

function slice(/** @type {Batch} */ batch, /** @type {number} */ start, /** @type {number} */ length) {
  if (start === 0) return null;
  const text = batch.whole.slice(start, start + length);
  return batch.ascii ? text : utf8(text);
}

function u64(/** @type {Buffer} */ buffer, /** @type {number} */ at) {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * HIGH;
}

module.exports = { Room, decode };
