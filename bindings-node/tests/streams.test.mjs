// Streams of their own, batches, and how loops share the process with everything else.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { Astro, GraphQL, Raw } from 'topicwire';
import { DEFAULT_ROOM, LocalGateway } from 'topicwire/testing';

const MANY = 3000;

/** @type {LocalGateway} */
let gateway;

before(async () => {
  gateway = await LocalGateway.start();
});
after(() => gateway.close());
beforeEach(() => gateway.fault('clear'));

async function echoing(count) {
  const socket = new Raw(gateway.rawUrl);
  await socket.connect();
  const stream = { messages: socket.stream({ kinds: ['message'], overflow: 'block' }), batches: socket.batches({ kinds: ['message'], overflow: 'block' }) };
  for (let number = 0; number < count; number += 1) await socket.send(String(number));
  return { socket, ...stream };
}

test('a stream hears what comes between its making and its loop', async () => {
  const astro = new Astro({ token: 'jwt', url: gateway.astroUrl });
  await astro.connect();
  const [tips, batches] = [astro.stream({ topics: ['channel.tips'], kinds: ['message'] }), astro.batches({ kinds: ['message'] })];
  await astro.subscribe('channel.tips', { room: DEFAULT_ROOM });
  await gateway.publish('channel.tips', { number: 1 });
  await gateway.publish('channel.tips', { number: 2 });
  assert.equal((await tips.next()).value.data.number, 1);
  assert.equal((await tips.next()).value.data.number, 2);
  const heard = [];
  for await (const batch of batches) {
    heard.push(...batch.map(({ data }) => data.number));
    if (heard.length === 2) break;
  }
  assert.deepEqual(heard, [1, 2]);
  await tips.return();
  assert.deepEqual(await tips.next(), { value: undefined, done: true });
  await astro.close();
});

test('batches have the messages in order, at most 256 at a time, and end with the client', async () => {
  const { socket, batches } = await echoing(MANY);
  const seen = [];
  for await (const batch of batches) {
    assert.ok(batch.length > 0 && batch.length <= 256);
    seen.push(...batch.map(({ text }) => Number(text)));
    if (seen.length === MANY) void socket.close();
  }
  assert.deepEqual(
    seen,
    Array.from({ length: MANY }, (_, number) => number),
  );
});

test('other callbacks get their turn while a loop has more to read than it can', async () => {
  const { socket, messages } = await echoing(MANY);
  while (socket.stats.messages < MANY) await gateway.connections();
  let turns = 0;
  let ticking = true;
  const tick = () => {
    turns += 1;
    if (ticking) setImmediate(tick);
  };
  tick();
  let [seen, atOnce, since] = [0, 0, 0];
  let last = turns;
  for await (const message of messages) {
    assert.equal(message.text, String(seen));
    since = turns === last ? since + 1 : 1;
    last = turns;
    atOnce = Math.max(atOnce, since);
    if ((seen += 1) === MANY) break;
  }
  ticking = false;
  assert.ok(atOnce <= 512, `${atOnce} messages in one turn`);
  await socket.close();
});

test('a second loop over an operation is refused, and the first one goes on', async () => {
  const graphql = new GraphQL(gateway.graphqlUrl);
  const operation = graphql.subscribe('subscription { countdown(from: 2, intervalMs: 10) }');
  const results = operation[Symbol.asyncIterator]();
  const seen = [(await results.next()).value.data.data.countdown];
  await assert.rejects(operation[Symbol.asyncIterator]().next(), { code: 'concurrency' });
  for await (const { data } of results) seen.push(data.data.countdown);
  assert.deepEqual(seen, [2, 1, 0]);
  await graphql.close();
});

test('a signal ends streams, batches and operations, and their loops throw its reason', async () => {
  const socket = new Raw(gateway.rawUrl);
  await socket.connect();
  const graphql = new GraphQL(gateway.graphqlUrl);
  const stop = new AbortController();
  const { signal } = stop;
  const operation = graphql.subscribe('subscription { silent }', {}, { signal });
  const unread = graphql.subscribe('subscription { silent }', {}, { signal });
  const waiting = [socket.stream({ signal }), socket.batches({ signal }), operation[Symbol.asyncIterator]()].map((loop) => loop.next());
  await gateway.waitForSent((message) => message.id !== undefined && message.type === 'subscribe');
  stop.abort(new Error('enough'));
  for (const next of waiting) await assert.rejects(next, /enough/);
  await assert.rejects(unread[Symbol.asyncIterator]().next(), /enough/);
  assert.throws(() => graphql.subscribe('subscription { silent }', {}, { signal }), /enough/);
  await assert.rejects(socket.send('late', { signal }), /enough/);
  while ((await gateway.connections('graphql')).some((one) => one.state.operations.length > 0));
  await graphql.close();
  await socket.close();
});

test('a loop that is left while it waits ends, and leaves the rest to the next one', async () => {
  const socket = new Raw(gateway.rawUrl);
  await socket.connect();
  const [stream, main] = [socket.stream({ kinds: ['message'] }), socket[Symbol.asyncIterator]()];
  const waiting = stream.next();
  await stream.return();
  assert.deepEqual(await waiting, { value: undefined, done: true });
  await socket.send('hello');
  let event = (await main.next()).value;
  while (event.kind !== 'message') event = (await main.next()).value;
  assert.equal(event.text, 'hello');
  await socket.close();
  while (!(await main.next()).done);
});

test('where messages are handled a loop hears them from its beginning on, and until then the core leaves out what nobody wants', async () => {
  const astro = new Astro({ token: 'jwt', url: gateway.astroUrl });
  const handled = [];
  const heard = () => new Promise((resolve) => astro.once('channel.tips', (tip) => resolve(handled.push(tip.data.number))));
  let next = heard();
  await astro.connect();
  await astro.subscribe('channel.tips', { room: DEFAULT_ROOM });
  await astro.subscribe('channel.activities', { room: DEFAULT_ROOM });
  await gateway.publish('channel.activities', { type: 'follow' });
  await gateway.publish('channel.tips', { number: 1 });
  await next;
  assert.equal(astro.stats.filtered, 1);
  const loop = astro[Symbol.asyncIterator]();
  next = heard();
  await gateway.publish('channel.tips', { number: 2 });
  await next;
  const kinds = [];
  let event = (await loop.next()).value;
  for (; event.kind !== 'message'; event = (await loop.next()).value) kinds.push(event.kind);
  assert.deepEqual([event.data.number, handled], [2, [1, 2]]);
  // What else happened was kept for it.
  assert.ok(kinds.includes('opened') && kinds.includes('subscribed'), String(kinds));
  await astro.close();
});
