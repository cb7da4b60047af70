// The clients, as a program has them that installed the package, against the local gateway.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, beforeEach, test } from 'node:test';

import { Astro, GatewayError, GraphQL, OptionError, ProviderError, Raw, TopicwireError } from 'topicwire';
import { DEFAULT_ROOM, LocalGateway } from 'topicwire/testing';

/** @type {LocalGateway} */
let gateway;

before(async () => {
  gateway = await LocalGateway.start();
});
after(() => gateway.close());
beforeEach(() => gateway.fault('clear'));

async function connected(options = {}) {
  const astro = new Astro({ token: 'jwt', url: gateway.astroUrl, ...options });
  await astro.connect();
  return astro;
}

async function first(events, kind) {
  for await (const event of events) if (event.kind === kind) return event;
  return assert.fail(`the client ended before ${kind}`);
}

test('require and import give the same classes', () => {
  const required = createRequire(import.meta.url)('topicwire');
  assert.equal(required.Astro, Astro);
});

test('a subscription brings typed and decoded messages', async () => {
  const astro = await connected();
  const subscription = await astro.subscribe('channel.tips', { room: DEFAULT_ROOM });
  await gateway.publish('channel.tips', { name: 'Ädä €', amount: 5 });
  const message = await first(astro, 'message');
  assert.equal(message.topic, 'channel.tips');
  assert.equal(message.room, DEFAULT_ROOM);
  assert.deepEqual(message.subscriptions, [subscription.id]);
  assert.deepEqual(message.data, { name: 'Ädä €', amount: 5 });
  assert.equal(message.data, message.data, 'it is decoded once');
  assert.deepEqual(JSON.parse(message.raw.toString()), message.data);
  await astro.close();
  assert.equal(astro.closed.clean, true);
});

test('a payload has its canonical view under steady names', async () => {
  const astro = await connected();
  await astro.subscribe('channel.stream.status', { room: DEFAULT_ROOM });
  await astro.subscribe('channel.unheard.of', { room: DEFAULT_ROOM }).catch(() => {});
  await gateway.publish('channel.stream.status', { isLive: true });
  const message = await first(astro, 'message');
  assert.deepEqual(message.typed, { topic: 'channel.stream.status', kind: 'stream_status', is_live: true });
  assert.equal(message.typed, message.typed, 'it is made once');
  assert.deepEqual(message.data, { isLive: true });
  await astro.close();

  const raw = new Raw(gateway.rawUrl);
  await raw.connect();
  await raw.send('{"isLive":true}');
  assert.equal((await first(raw, 'message')).typed, null);
  await raw.close();
});

test('what happens between two loops is not lost', async () => {
  const astro = await connected();
  await astro.subscribe('channel.tips', { room: DEFAULT_ROOM });
  for (let number = 0; number < 3; number += 1) await gateway.publish('channel.tips', { number });
  const seen = [];
  while (seen.length < 3) seen.push((await first(astro, 'message')).data.number);
  assert.deepEqual(seen, [0, 1, 2]);
  await astro.close();
});

test('two loops at once over one stream are refused, and a stream of its own is not', async () => {
  const astro = await connected();
  await astro.subscribe('channel.tips', { room: DEFAULT_ROOM });
  const waiting = first(astro, 'message');
  await assert.rejects(first(astro, 'message'), { code: 'concurrency' });
  const own = first(astro.stream({ topics: ['channel.tips'] }), 'message');
  await gateway.publish('channel.tips', { number: 1 });
  assert.equal((await waiting).data.number, 1);
  assert.equal((await own).data.number, 1);
  await astro.close();
});

test('handlers get the messages of their topic, and nothing after they were taken back', async () => {
  const astro = await connected();
  await astro.subscribe('channel.tips', { room: DEFAULT_ROOM });
  await astro.subscribe('channel.activities', { room: DEFAULT_ROOM });
  const seen = [];
  await new Promise((resolve) => {
    const tips = (message) => {
      seen.push(message.topic);
      astro.off('channel.tips', tips);
    };
    astro.on('channel.tips', tips);
    astro.once('channel.activities', (message) => {
      seen.push(message.topic);
      resolve();
    });
    void gateway
      .publish('channel.tips', {})
      .then(() => gateway.publish('channel.tips', {}))
      .then(() => gateway.publish('channel.activities', {}));
  });
  assert.deepEqual(seen, ['channel.tips', 'channel.activities']);
  await astro.close();
});

test('a provider is asked for the token, and again when the gateway refuses it', async () => {
  const reasons = [];
  const own = await LocalGateway.start();
  await own.control('astro/tokens', [{ token: 'good', channel: DEFAULT_ROOM }]);
  const token = async ({ reason }) => {
    reasons.push(reason);
    return { value: reason === 'rejected' ? 'good' : 'bad' };
  };
  const astro = new Astro({ token, url: own.astroUrl });
  await astro.connect();
  await astro.subscribe('channel.tips', { room: DEFAULT_ROOM });
  assert.deepEqual(reasons, ['initial', 'rejected']);
  await astro.close();
  await own.close();
});

test('what a provider throws is the cause of the fault that tells of it', async () => {
  const broken = new Error('the vault is locked');
  const astro = new Astro({ token: () => Promise.reject(broken), url: gateway.astroUrl });
  const fault = first(astro.stream({ kinds: ['fault'] }), 'fault');
  await astro.connect();
  void astro.subscribe('channel.tips', { room: DEFAULT_ROOM }).catch(() => {});
  const { error } = await fault;
  assert.ok(error instanceof ProviderError, String(error));
  assert.doesNotMatch(error.message, /vault/);
  astro.abort();
});

test('a refusal rejects with the gateway’s code and text', async () => {
  const astro = await connected();
  await gateway.fault('force_error', { code: 'err_bad_request' });
  await assert.rejects(astro.subscribe('channel.tips', { room: DEFAULT_ROOM }), (error) => {
    assert.ok(error instanceof GatewayError && error instanceof TopicwireError);
    assert.equal(error.code, 'refused');
    assert.equal(error.gatewayCode, 'err_bad_request');
    return true;
  });
  await astro.close();
});

test('aborting takes a command back', async () => {
  const astro = await connected();
  await gateway.fault('delay_responses', { ms: 60_000 });
  const abort = new AbortController();
  const subscribing = astro.subscribe('channel.tips', { room: DEFAULT_ROOM, signal: abort.signal });
  abort.abort(new Error('enough'));
  await assert.rejects(subscribing, { message: 'enough' });
  await assert.rejects(astro.subscribe('channel.tips', { signal: AbortSignal.abort(new Error('before')) }), { message: 'before' });
  astro.abort();
});

test('an option that does not exist is a TypeError that names it', () => {
  assert.throws(() => new Astro({ tokenTyp: 'jwt' }), (error) => error instanceof TypeError && /token_typ/.test(error.message));
  assert.throws(() => new Raw('http://127.0.0.1/'), OptionError);
  assert.throws(() => new Astro({ token: 7 }), /token/);
});

test('no token is shown by an error or an inspection', async () => {
  const { inspect } = await import('node:util');
  const astro = new Astro({ token: 'very-secret', url: gateway.astroUrl });
  assert.doesNotMatch(inspect(astro, { depth: 9, showHidden: true }), /very-secret/);
});

test('a planned handover loses nothing and doubles nothing', async () => {
  const astro = await connected();
  await astro.subscribe('channel.tips', { room: DEFAULT_ROOM });
  const seen = [];
  const reading = (async () => {
    for await (const event of astro) {
      assert.notEqual(event.kind, 'gap');
      if (event.kind === 'message') seen.push(event.data.number);
      if (seen.length === 60) return;
    }
  })();
  for (let number = 0; number < 60; number += 1) {
    if (number === 20) await gateway.reconnect();
    await gateway.publish('channel.tips', { number });
  }
  await reading;
  assert.deepEqual(seen, Array.from({ length: 60 }, (_, number) => number));
  await astro.close();
});

test('an operation yields its results and ends with them', async () => {
  const graphql = new GraphQL(gateway.graphqlUrl);
  const numbers = [];
  for await (const result of graphql.subscribe('subscription($n: Int!) { countdown(from: $n, intervalMs: 1) }', { n: 3 })) {
    numbers.push(result.data.data.countdown);
  }
  assert.deepEqual(numbers, [3, 2, 1, 0]);
  assert.deepEqual(await graphql.execute('query { hello(name: "ada") }'), { data: { hello: 'hello ada' } });
  await assert.rejects(async () => {
    for await (const result of graphql.subscribe('subscription { nowhere }')) assert.fail(String(result));
  }, TopicwireError);
  await graphql.close();
});

test('leaving the loop of an operation ends it on the server', async () => {
  const graphql = new GraphQL(gateway.graphqlUrl);
  for await (const result of graphql.subscribe('subscription { countdown(from: 1000000, intervalMs: 1) }')) {
    assert.ok(result.data);
    break;
  }
  await graphql.execute('query { hello(name: "x") }');
  const [connection] = await gateway.connections('graphql');
  assert.deepEqual(connection.state.operations ?? [], []);
  await graphql.close();
});

test('texts, bytes and pings go to and fro', async () => {
  const socket = new Raw(gateway.rawUrl);
  await socket.connect();
  await socket.send('grüße');
  await socket.send(new Uint8Array([1, 2, 255]));
  await socket.send('x'.repeat(200_000));
  assert.equal((await first(socket, 'message')).data, 'grüße');
  assert.deepEqual([...(await first(socket, 'message')).data], [1, 2, 255]);
  assert.equal((await first(socket, 'message')).data.length, 200_000);
  assert.equal((await socket.ping(Buffer.from('there?'))).toString(), 'there?');
  await assert.rejects(socket.send(7), TypeError);
  await socket.close(4000, 'bye');
  assert.deepEqual(socket.closed.sent, { code: 4000, reason: 'bye' });
});

test('a client is closed by `await using`', async () => {
  const astro = await connected();
  await astro[Symbol.asyncDispose]();
  assert.equal(astro.state, 'closed');
  await assert.rejects(astro.subscribe('channel.tips', { room: DEFAULT_ROOM }), { code: 'closed' });
});
