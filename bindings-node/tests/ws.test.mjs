// `topicwire/ws` against what the documentation of npm's `ws` says of its client.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { after, before, beforeEach, test } from 'node:test';

import Default, { WebSocket } from 'topicwire/ws';
import { LocalGateway } from 'topicwire/testing';

/** @type {LocalGateway} */
let gateway;

before(async () => {
  gateway = await LocalGateway.start();
});
after(() => gateway.close());
beforeEach(() => gateway.fault('clear'));

async function opened(...given) {
  const socket = new WebSocket(gateway.rawUrl, ...given);
  await once(socket, 'open');
  return socket;
}

/** What a socket tells at its end, in order: `ws` emits an error and the close behind it in one go. */
function end(socket) {
  const order = [];
  socket.on('error', (error) => order.push(error.message));
  return new Promise((resolve) => socket.on('close', (code) => resolve([...order, code])));
}

test('it is the default export, a named one, and what require gives', () => {
  const required = createRequire(import.meta.url)('topicwire/ws');
  assert.equal(required, WebSocket);
  assert.equal(required.WebSocket, WebSocket);
  assert.equal(Default, WebSocket);
});

test('the states have their numbers on the class and on each socket', async () => {
  const names = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];
  assert.deepEqual(names.map((name) => WebSocket[name]), [0, 1, 2, 3]);
  const socket = new WebSocket(gateway.rawUrl);
  assert.deepEqual(names.map((name) => socket[name]), [0, 1, 2, 3]);
  assert.equal(socket.readyState, WebSocket.CONNECTING);
  await once(socket, 'open');
  assert.equal(socket.readyState, WebSocket.OPEN);
  socket.close();
  assert.equal(socket.readyState, WebSocket.CLOSING);
  await once(socket, 'close');
  assert.equal(socket.readyState, WebSocket.CLOSED);
});

test('texts come as Buffers that are not binary', async () => {
  const socket = await opened();
  socket.send('grüße');
  const [data, isBinary] = await once(socket, 'message');
  assert.ok(Buffer.isBuffer(data));
  assert.equal(data.toString(), 'grüße');
  assert.equal(isBinary, false);
  socket.close();
});

test('Buffers, views, array buffers and numbers can be sent', async () => {
  const socket = await opened();
  const cases = [
    [Buffer.from([1, 2]), [1, 2], true],
    [new Uint16Array([258]), [2, 1], true],
    [new Uint8Array([9, 8]).buffer, [9, 8], true],
    [7, [55], false],
    ['', [], false],
  ];
  for (const [given, bytes, binary] of cases) {
    socket.send(given);
    const [data, isBinary] = await once(socket, 'message');
    assert.deepEqual([...data], bytes);
    assert.equal(isBinary, binary);
  }
  assert.throws(() => socket.send({}), TypeError);
  socket.close();
});

test('an option makes a text binary, and pieces of a message arrive as one', async () => {
  const socket = await opened();
  socket.send('ab', { binary: true });
  assert.equal((await once(socket, 'message'))[1], true);
  socket.send('one ', { fin: false });
  socket.send('message', { fin: true });
  const [data, isBinary] = await once(socket, 'message');
  assert.deepEqual([data.toString(), isBinary], ['one message', false]);
  socket.close();
});

test('the type of binary messages can be chosen', async () => {
  const socket = await opened();
  assert.equal(socket.binaryType, 'nodebuffer');
  socket.binaryType = 'arraybuffer';
  socket.send(Buffer.from([3]));
  const [data] = await once(socket, 'message');
  assert.ok(data instanceof ArrayBuffer);
  assert.deepEqual([...new Uint8Array(data)], [3]);
  socket.close();
});

test('a callback is called when the message was written, and with an error when it cannot be', async () => {
  const socket = await opened();
  await new Promise((resolve, reject) => socket.send('x', (error) => (error ? reject(error) : resolve())));
  socket.close();
  const error = await new Promise((resolve) => socket.send('y', resolve));
  assert.match(error.message, /not open: readyState 2 \(CLOSING\)/);
  await once(socket, 'close');
  socket.send('nobody hears this, and nobody is told');
});

test('sending before the socket is open is a mistake of the program', () => {
  const socket = new WebSocket(gateway.rawUrl);
  assert.throws(() => socket.send('x'), /readyState 0 \(CONNECTING\)/);
  assert.throws(() => socket.ping(), /CONNECTING/);
  socket.on('error', () => {});
  socket.terminate();
});

test('a close has its code and reason on both sides', async () => {
  const socket = await opened();
  socket.close(4001, 'bye');
  const [code, reason] = await once(socket, 'close');
  assert.equal(code, 4001);
  assert.ok(Buffer.isBuffer(reason));
  const other = await opened();
  const ended = once(other, 'close');
  await gateway.fault('close', { code: 4500, reason: 'because', target: 'newest' });
  const [theirs, why] = await ended;
  assert.deepEqual([theirs, why.toString()], [4500, 'because']);
});

test('a close without a code is 1005, and a broken connection 1006 and no error', async () => {
  const socket = await opened();
  socket.close();
  assert.equal((await once(socket, 'close'))[0], 1005);
  const broken = await opened();
  broken.on('error', (error) => assert.fail(error));
  const ended = once(broken, 'close');
  await gateway.fault('cut', { how: 'reset', target: 'newest' });
  assert.equal((await ended)[0], 1006);
});

test('codes and reasons that cannot be sent are refused', async () => {
  const socket = await opened();
  assert.throws(() => socket.close(1006), TypeError);
  assert.throws(() => socket.close(1000, 'x'.repeat(124)), RangeError);
  socket.close();
});

test('terminate ends it at once, and nothing is told but the end', async () => {
  const socket = await opened();
  for (let n = 0; n < 10; n += 1) socket.send('x');
  socket.on('message', () => {
    socket.terminate();
    socket.on('message', () => assert.fail('a message after terminate()'));
  });
  assert.equal((await once(socket, 'close'))[0], 1006);
});

test('terminate ends it also when more has arrived than it takes at once', async () => {
  const socket = await opened();
  socket.pause();
  let seen = 0;
  socket.on('message', () => {
    seen += 1;
    socket.terminate();
  });
  const ended = once(socket, 'close');
  for (let n = 0; n < 10; n += 1) await new Promise((resolve) => socket.send('x'.repeat(40_000), resolve));
  // The answers are on their way while the gateway is asked.
  for (let n = 0; n < 10; n += 1) await gateway.connections();
  socket.resume();
  assert.equal((await ended)[0], 1006);
  assert.equal(seen, 1);
});

test('closing while it connects is an error and then a close', async () => {
  for (const how of ['close', 'terminate']) {
    const socket = new WebSocket(gateway.rawUrl);
    socket.on('open', () => assert.fail('it opened'));
    const ended = end(socket);
    socket[how]();
    assert.deepEqual(await ended, ['WebSocket was closed before the connection was established', 1006]);
  }
});

test('a refused handshake is an error and then a close', async () => {
  await gateway.fault('refuse_upgrades', { status: 503 });
  const socket = new WebSocket(gateway.rawUrl);
  assert.deepEqual(await end(socket), ['Unexpected server response: 503', 1006]);
});

test('whoever wants the refusal gets it instead of an error', async () => {
  await gateway.fault('refuse_upgrades', { status: 429, retry_after: 2 });
  const socket = new WebSocket(gateway.rawUrl);
  const [, response] = await once(socket, 'unexpected-response');
  assert.equal(response.statusCode, 429);
  assert.equal(response.headers['retry-after'], '2');
});

test('an address that nobody listens at is an error and then a close', async () => {
  const closed = await LocalGateway.start();
  const url = closed.rawUrl;
  await closed.close();
  const socket = new WebSocket(url);
  const [error, code] = await end(socket);
  assert.match(error, /refused/);
  assert.equal(code, 1006);
});

test('subprotocols are offered, and the one that was chosen is told', async () => {
  const socket = await opened(['first', 'second']);
  assert.equal(socket.protocol, 'first');
  socket.close();
  assert.throws(() => new WebSocket(gateway.rawUrl, ['a', 'a']), SyntaxError);
  assert.throws(() => new WebSocket(gateway.rawUrl, 'not a token'), SyntaxError);
});

test('addresses that are none are refused', () => {
  assert.throws(() => new WebSocket('nonsense'), SyntaxError);
  assert.throws(() => new WebSocket('ftp://127.0.0.1/'), SyntaxError);
  assert.throws(() => new WebSocket(`${gateway.rawUrl}#part`), SyntaxError);
});

test('what cannot be had is refused by name', () => {
  for (const name of ['agent', 'createConnection', 'finishRequest']) {
    assert.throws(() => new WebSocket(gateway.rawUrl, { [name]: () => {} }), new RegExp(name));
  }
  assert.throws(() => new WebSocket(gateway.rawUrl, { maxPayloads: 1 }), /maxPayloads/);
});

test('pings are answered with their payload', async () => {
  const socket = await opened();
  socket.ping('are you there?');
  const [payload] = await once(socket, 'pong');
  assert.equal(payload.toString(), 'are you there?');
  socket.close();
});

test('a message over the limit is an error and then a close with 1006 or 1009', async () => {
  const socket = await opened({ maxPayload: 100 });
  socket.send('x'.repeat(101));
  const told = await end(socket);
  assert.equal(told.length, 2, String(told));
  assert.ok([1006, 1009].includes(told[1]), String(told));
});

test('pause holds messages back until resume', async () => {
  const socket = await opened();
  const seen = [];
  socket.on('message', (data) => seen.push(data.toString()));
  socket.pause();
  assert.equal(socket.isPaused, true);
  await new Promise((resolve) => socket.send('1', resolve));
  socket.send('2');
  // The answers are on their way while the gateway is asked.
  for (let n = 0; n < 10; n += 1) await gateway.connections();
  assert.deepEqual(seen, []);
  socket.resume();
  while (seen.length < 2) await once(socket, 'message');
  assert.deepEqual(seen, ['1', '2']);
  socket.close();
});

test('browsers’ way of listening works beside Node’s', async () => {
  const socket = new WebSocket(gateway.rawUrl);
  const seen = [];
  const gone = () => seen.push('gone');
  socket.addEventListener('message', gone);
  socket.removeEventListener('message', gone);
  socket.addEventListener('open', { handleEvent: (event) => seen.push(event.type) });
  socket.onopen = (event) => event.target.send('text');
  socket.onmessage = (event) => {
    seen.push(event.data);
    socket.close(1000, 'done');
  };
  const closing = await new Promise((resolve) => (socket.onclose = resolve));
  assert.deepEqual(seen, ['open', 'text']);
  assert.deepEqual([closing.code, closing.reason, closing.wasClean, closing.target === socket], [1000, 'done', true, true]);
  assert.equal(typeof socket.onmessage, 'function');
  socket.onmessage = null;
  assert.equal(socket.onmessage, null);
});

test('await once in a loop sees every message', async () => {
  const socket = await opened({ allowSynchronousEvents: false });
  for (let n = 0; n < 5; n += 1) socket.send(String(n));
  const seen = [];
  while (seen.length < 5) seen.push((await once(socket, 'message'))[0].toString());
  assert.deepEqual(seen, ['0', '1', '2', '3', '4']);
  socket.close();
});

test('nothing is emitted while the program that made it still runs', async () => {
  const socket = new WebSocket(gateway.rawUrl);
  let late = false;
  socket.on('open', () => assert.ok(late));
  late = true;
  await once(socket, 'open');
  socket.close();
});
