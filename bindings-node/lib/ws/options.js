'use strict';
// What a program gives to `new WebSocket(…)`, in the core's words.

const core = require('../options.js');

// As `ws` has it.
const MAX_PAYLOAD = 100 * 1024 * 1024;

/** Options of `ws` that reach into Node's own HTTP client, which this socket does not use. */
const FOREIGN = ['agent', 'createConnection', 'finishRequest', 'auth', 'socketPath', 'ca', 'cert', 'key', 'pfx', 'lookup'];
/** Known, and without effect: there is no compression to tune, and masks are always random. */
const WITHOUT_EFFECT = new Set(['perMessageDeflate', 'skipUTF8Validation', 'generateMask', 'maxRedirects', 'followRedirects', 'protocolVersion']);
const KNOWN = new Set([...WITHOUT_EFFECT, 'headers', 'origin', 'handshakeTimeout', 'maxPayload', 'rejectUnauthorized', 'allowSynchronousEvents', 'autoPong', 'closeTimeout']);

/**
 * The address as a URL. Pages may be given by `http:` and `https:` too.
 * @param {string | URL} address
 */
function url(address) {
  /** @type {URL} */
  let parsed;
  try {
    parsed = new URL(String(address));
  } catch {
    throw new SyntaxError(`Invalid URL: ${address}`);
  }
  if (parsed.protocol === 'http:') parsed.protocol = 'ws:';
  if (parsed.protocol === 'https:') parsed.protocol = 'wss:';
  if (!['ws:', 'wss:'].includes(parsed.protocol) || parsed.hostname === '') {
    throw new SyntaxError('The URL\'s protocol must be one of "ws:", "wss:", "http:", "https:"');
  }
  if (parsed.hash !== '') throw new SyntaxError('The URL contains a fragment identifier');
  return parsed;
}

/**
 * The JSON of the raw client's options.
 * @param {URL} address
 * @param {string[]} protocols
 * @param {any} given
 */
function client(address, protocols, given) {
  for (const name of Object.keys(given)) {
    if (FOREIGN.includes(name)) throw new TypeError(`the option \`${name}\` of ws is not there: the connection is not made by Node's HTTP client`);
    if (!KNOWN.has(name)) throw new TypeError(`there is no option \`${name}\``);
  }
  if (given.autoPong === false) throw new TypeError('the option `autoPong` cannot be false: pings are always answered');
  const headers = Object.entries(given.headers ?? {}).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)]));
  if (given.origin !== undefined) headers.push(['Origin', String(given.origin)]);
  const maxPayload = given.maxPayload ?? MAX_PAYLOAD;
  return core.client('raw', {
    url: address.href,
    subprotocols: protocols,
    controlEvents: true,
    connection: {
      headers,
      // Zero is no limit in `ws`.
      maxMessage: maxPayload > 0 ? maxPayload : Number.MAX_SAFE_INTEGER,
      insecure: given.rejectUnauthorized === false,
      ...(given.handshakeTimeout ? { connectTimeoutMs: given.handshakeTimeout } : {}),
      closeTimeoutMs: given.closeTimeout ?? 30_000,
    },
  });
}

module.exports = { client, url };
