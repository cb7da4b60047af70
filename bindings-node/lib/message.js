'use strict';

const native = require('./native.js');

const PAYLOADS = /** @type {const} */ (['json', 'text', 'binary', 'json_string']);
const NOT_ASCII = /[^\x00-\x7f]/;

/** Bytes that were read as Latin-1, as the text in UTF-8 that they are. */
function utf8(/** @type {string} */ bytes) {
  return NOT_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

/** The JSON value that a payload begins with: the rest of its frame may follow it. */
function cut(/** @type {string} */ bytes) {
  const end = native.valueEnd(Buffer.from(bytes, 'latin1'));
  return end === 0 ? bytes : bytes.slice(0, end);
}

/** A message of the gateway. Its payload is decoded when it is first looked at. */
class Message {
  #bytes;
  #flags;
  #data;
  #decoded = false;
  #client;
  /** @type {any} */ #typed;

  /** @param {any} fields */
  constructor(fields) {
    this.kind = /** @type {const} */ ('message');
    this.seq = fields.seq;
    this.topic = fields.topic;
    this.room = fields.room;
    this.id = fields.id;
    this.time = fields.time;
    this.receivedAt = fields.receivedAt;
    this.connection = fields.connection;
    this.subscriptions = fields.subscriptions;
    this.#bytes = /** @type {string} */ (fields.bytes);
    this.#flags = /** @type {number} */ (fields.flags);
    this.#client = fields.client;
  }

  /** What the payload is: `json`, `text`, `binary`, or `json_string` (JSON that came escaped within a string). */
  get payloadKind() {
    return PAYLOADS[this.#flags & 3];
  }

  #whole() {
    if (this.#flags & 4) {
      this.#bytes = cut(this.#bytes);
      this.#flags &= ~4;
    }
    return this.#bytes;
  }

  /** The payload as it was sent. */
  get raw() {
    return Buffer.from(this.#whole(), 'latin1');
  }

  /** The payload as text. */
  get text() {
    return utf8(this.#whole());
  }

  /** The payload, decoded: what JSON says, a string, or a Buffer. Throws a `SyntaxError` for JSON that is none. */
  get data() {
    if (!this.#decoded) {
      this.#data = this.#decode();
      this.#decoded = true;
    }
    return this.#data;
  }

  /** The payload as what it means, under steady names; null where there is no such view. It is made when it is first looked at. */
  get typed() {
    if (this.#typed === undefined) {
      const json = this.#client.canonical(this.topic, this.raw);
      this.#typed = json === null ? null : JSON.parse(json);
    }
    return this.#typed;
  }

  #decode() {
    switch (this.payloadKind) {
      case 'text':
        return this.text;
      case 'binary':
        return this.raw;
      case 'json_string':
        return JSON.parse(JSON.parse(this.text));
      default:
        return this.#parse();
    }
  }

  #parse() {
    if (this.#flags & 4) {
      // Nearly always all that follows is the brace that closes the frame. Where more does, this is no JSON, and the end is looked for.
      const frame = this.#bytes.trimEnd();
      if (frame.endsWith('}')) {
        try {
          const data = JSON.parse(utf8(frame.slice(0, -1)));
          this.#bytes = frame.slice(0, -1);
          this.#flags &= ~4;
          return data;
        } catch {
          // Below.
        }
      }
    }
    return JSON.parse(this.text);
  }
}

module.exports = { Message, utf8 };
