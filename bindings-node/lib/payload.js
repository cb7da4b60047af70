'use strict';

const { OptionError } = require('./errors.js');

/** The bytes of what a program sends as binary. @param {any} payload */
function bytes(payload) {
  if (Buffer.isBuffer(payload)) return payload;
  if (ArrayBuffer.isView(payload)) return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (payload instanceof ArrayBuffer) return Buffer.from(payload);
  throw new TypeError('a message is a string, a Buffer, an ArrayBuffer or a view of one');
}

/**
 * What a program sends, as bytes, and what they are: unless a type is named, a string is text, bytes are binary, and anything else is JSON.
 * @param {unknown} data
 * @param {string} [dataType] `json`, `text`, `binary` or `protobuf`
 * @returns {{ dataType: string, payload: Buffer }}
 */
function content(data, dataType) {
  const isBytes = ArrayBuffer.isView(data) || data instanceof ArrayBuffer;
  dataType ??= typeof data === 'string' ? 'text' : isBytes ? 'binary' : 'json';
  if (dataType === 'json') {
    let text;
    try {
      text = JSON.stringify(data);
    } catch {
      // It refers to itself, or holds a BigInt.
    }
    if (text === undefined) throw new OptionError('option `content`: expected what JSON can say');
    return { dataType, payload: Buffer.from(text) };
  }
  if (dataType === 'text') {
    if (typeof data !== 'string') throw new OptionError('option `content`: expected a string, since it is to be sent as text');
    return { dataType, payload: Buffer.from(data) };
  }
  if (!isBytes) throw new OptionError(`option \`content\`: expected a Buffer, an ArrayBuffer or a view of one, since it is to be sent as ${dataType}`);
  return { dataType, payload: bytes(data) };
}

module.exports = { bytes, content };
