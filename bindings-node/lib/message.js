'use strict';

const native = require('./native.js');

const PAYLOADS = /** @type {const} */ (['json', 'text', 'binary', 'json_string']);
const NOT_ASCII = /[^\x00-\x7f]/;
const KIND = 3;
const OPEN_END = 4;
/** A flag beside the layout's own: its bytes are ASCII, so they are their text. */
const IS_ASCII = 1 << 16;

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
  #client;
  /** @type {any} */ #data;
  /** @type {any} */ #typed;

  /**
   * @param {number} seq
   * @param {number} connection
   * @param {number} receivedAt
   * @param {string | null} topic
   * @param {string | null} room
   * @param {string | null} id
   * @param {string | null} time
   * @param {number[]} subscriptions
   * @param {string} bytes in Latin-1
   * @param {number} flags
   * @param {any} client
   */
  constructor(seq, connection, receivedAt, topic, room, id, time, subscriptions, bytes, flags, client) {
    this.kind = /** @type {const} */ ('message');
    this.seq = seq;
    this.topic = topic;
    this.room = room;
    this.id = id;
    this.time = time;
    this.receivedAt = receivedAt;
    this.connection = connection;
    this.subscriptions = subscriptions;
    this.#bytes = bytes;
    this.#flags = flags;
    this.#client = client;
  }

  /** What the payload is: `json`, `text`, `binary`, or `json_string` (JSON that came escaped within a string). */
  get payloadKind() {
    return PAYLOADS[this.#flags & KIND];
  }

  #whole() {
    if (this.#flags & OPEN_END) {
      this.#bytes = cut(this.#bytes);
      this.#flags &= ~OPEN_END;
    }
    return this.#bytes;
  }

  /** The payload as it was sent. */
  get raw() {
    return Buffer.from(this.#whole(), 'latin1');
  }

  /** The payload as text. */
  get text() {
    return this.#utf8(this.#whole());
  }

  /** The payload, decoded: what JSON says, a string, or a Buffer. Throws a `SyntaxError` for JSON that is none. */
  get data() {
    // No payload means `undefined`.
    if (this.#data === undefined) this.#data = this.#decode();
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

  #utf8(/** @type {string} */ bytes) {
    return this.#flags & IS_ASCII ? bytes : utf8(bytes);
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
    if (this.#flags & OPEN_END) {
      // Nearly always all that follows is the brace that closes the frame. Where more does, this is no JSON, and the end is looked for.
      const frame = this.#bytes.trimEnd();
      if (frame.endsWith('}')) {
        try {
          const data = JSON.parse(this.#utf8(frame.slice(0, -1)));
          this.#bytes = frame.slice(0, -1);
          this.#flags &= ~OPEN_END;
          return data;
        } catch {
          // Below.
        }
      }
    }
    return JSON.parse(this.text);
  }
}

module.exports = { IS_ASCII, Message, utf8 };
