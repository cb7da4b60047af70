'use strict';

/** The control API of a gateway: one HTTP request a call. */

const http = require('node:http');

const { LocalGatewayError } = require('./error.js');

/** The gateway answers at once; what takes longer has gone wrong. In milliseconds. */
const TIMEOUT = 10_000;

/**
 * One request: a POST when there is a body.
 *
 * @param {number} port
 * @param {string} path what follows `/control/`
 * @param {unknown} [body]
 * @returns {Promise<any>} the answer
 */
function request(port, path, body) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const failed = (error) =>
      reject(new LocalGatewayError(`the local gateway on port ${port} did not answer ${path}: ${error.message}`, { cause: error }));
    const call = http.request(
      // An agent of its own: a connection that is kept would outlive the gateway, and a global one may have a proxy.
      { host: '127.0.0.1', port, path: `/control/${path}`, method: text === undefined ? 'GET' : 'POST', agent: false, timeout: TIMEOUT },
      (response) => {
        let answer = '';
        response.setEncoding('utf8');
        response.on('data', (piece) => (answer += piece));
        response.on('error', failed);
        response.on('end', () => {
          const value = answer === '' ? undefined : JSON.parse(answer);
          if (response.statusCode < 400) resolve(value);
          else reject(new LocalGatewayError(`the local gateway refused ${path}: ${value?.error ?? answer}`));
        });
      }
    );
    call.on('timeout', () => call.destroy(new Error(`no answer within ${TIMEOUT} ms`)));
    call.on('error', failed);
    call.end(text);
  });
}

module.exports = { request };
