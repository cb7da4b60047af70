// Subprotocol `graphql-transport-ws`: what every mistake draws, frame by frame, from the reference server and from our gateway.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { targets, withTarget } from '../harness/targets.mjs';
import { MODERN, Wire } from '../harness/wire.mjs';

/** Each case gets a server and a socket that is ready. */
const CASES = {
  async 'a subscription gives next and complete'(wire) {
    wire.start('a', 'subscription { countdown(from: 2) }');
    assert.deepEqual(await wire.got({ id: 'a', type: 'complete' }), { id: 'a', type: 'complete' });
    assert.deepEqual(wire.of('a').slice(0, -1).map((frame) => frame.payload.data.countdown), [2, 1, 0]);
  },
  async 'variables and an operation name are heeded'(wire) {
    wire.start('a', 'subscription A { silent } subscription B($n: Int!) { countdown(from: $n) }', { operationName: 'B', variables: { n: 1 } });
    await wire.got({ id: 'a', type: 'complete' });
    assert.deepEqual(wire.of('a').slice(0, -1).map((frame) => frame.payload), [{ data: { countdown: 1 } }, { data: { countdown: 0 } }]);
  },
  async 'queries and mutations give one result and the end'(wire) {
    wire.start('q', '{ hello(name: "you") }');
    wire.start('m', 'mutation { echo(text: "me") }');
    await wire.got({ id: 'q', type: 'complete' });
    await wire.got({ id: 'm', type: 'complete' });
    assert.deepEqual(wire.of('q')[0].payload, { data: { hello: 'hello you' } });
    assert.deepEqual(wire.of('m')[0].payload, { data: { echo: 'me' } });
  },
  async 'a query whose field fails gives next with data and errors'(wire) {
    wire.start('q', '{ fail }');
    await wire.got({ id: 'q', type: 'complete' });
    const [{ payload }] = wire.of('q');
    assert.deepEqual(payload.data, { fail: null });
    assert.equal(payload.errors[0].extensions.code, 'TEST_FAILURE');
  },
  async 'an unknown field gives error with an array, and nothing more'(wire) {
    wire.start('a', 'subscription { nosuch }');
    const { payload } = await wire.got({ id: 'a', type: 'error' });
    assert.equal(typeof payload[0].message, 'string');
    await wire.fence();
    assert.equal(wire.of('a').length, 1);
  },
  async 'an unknown operation name gives error'(wire) {
    wire.start('a', 'subscription A { silent }', { operationName: 'B' });
    const { payload } = await wire.got({ id: 'a', type: 'error' });
    assert.deepEqual(payload, [{ message: 'Unable to identify operation' }]);
  },
  async 'a missing variable gives next with errors only, then complete'(wire) {
    await failsAsNext(wire, 'subscription ($n: Int!) { countdown(from: $n) }');
  },
  async 'a subscription that cannot be set up gives next with errors only, then complete'(wire) {
    await failsAsNext(wire, 'subscription { failingSubscribe }');
  },
  async 'an error in one event stands beside its data, and the stream goes on'(wire) {
    wire.start('a', 'subscription { failingField(n: 3, every: 2) }');
    await wire.got({ id: 'a', type: 'complete' });
    const [first, second, third] = wire.of('a').map((frame) => frame.payload);
    assert.deepEqual([first, third], [{ data: { failingField: 1 } }, { data: { failingField: 3 } }]);
    assert.deepEqual(second.data, { failingField: null });
    assert.equal(second.errors[0].message, 'value 2 failed');
  },
  async 'a source that breaks gives error, no complete, and the socket stays'(wire) {
    wire.start('a', 'subscription { failingStream(after: 2) }');
    const { payload } = await wire.got({ id: 'a', type: 'error' });
    assert.equal(payload[0].message, 'event source broke');
    await wire.fence();
    assert.deepEqual(wire.of('a').map((frame) => frame.type), ['next', 'next', 'error']);
  },
  async 'complete for a running operation draws no answer and ends the source'(wire, server) {
    wire.start('a', 'subscription { silent }');
    await wire.until('the operation', async () => await server.running() === 1);
    wire.stop('a');
    await wire.until('the end of the source', async () => await server.running() === 0);
    await wire.fence();
    assert.deepEqual(wire.of('a'), []);
  },
  async 'complete for an unknown id is ignored'(wire) {
    wire.stop('nobody');
    await wire.fence();
    assert.deepEqual(wire.of('nobody'), []);
  },
  async 'an id can be used again when its operation is over'(wire) {
    for (let round = 1; round <= 3; round += 1) {
      wire.start('a', '{ hello }');
      await wire.until('the end', () => wire.of('a').filter((frame) => frame.type === 'complete').length === round);
    }
  },
  async 'a ping comes back as a pong with the same payload'(wire) {
    wire.send({ type: 'ping', payload: { a: 1 } });
    assert.deepEqual(await wire.got({ type: 'pong' }), { type: 'pong', payload: { a: 1 } });
    wire.send({ type: 'pong' });
    await wire.fence();
  },
};

async function failsAsNext(wire, query) {
  wire.start('a', query);
  await wire.got({ id: 'a', type: 'complete' });
  const [next, complete, ...rest] = wire.of('a');
  assert.deepEqual([next.type, complete.type, rest], ['next', 'complete', []]);
  assert.deepEqual(Object.keys(next.payload), ['errors']);
}

/** Frames that end the connection, each on a socket of its own, and the code with which they end it. */
const FATAL = [
  ['a syntax error', { id: 'a', type: 'subscribe', payload: { query: 'subscription {' } }, 4500, /^Syntax Error/],
  ['the legacy frame start', { id: 'a', type: 'start', payload: { query: '{ hello }' } }, 4400],
  ['the legacy frame stop', { id: 'a', type: 'stop' }, 4400],
  ['the legacy frame connection_terminate', { type: 'connection_terminate' }, 4400],
  ['text that is no JSON', 'not JSON', 4400],
  ['an unknown type', { type: 'bogus' }, 4400],
  ['a numeric id', { id: 1, type: 'subscribe', payload: { query: '{ hello }' } }, 4400],
  ['an empty id', { id: '', type: 'subscribe', payload: { query: '{ hello }' } }, 4400],
  ['a subscribe without payload', { id: 'a', type: 'subscribe' }, 4400],
  ['a payload without query', { id: 'a', type: 'subscribe', payload: {} }, 4400],
  ['a second init', { type: 'connection_init' }, 4429, /^Too many initialisation requests$/],
];

for (const target of targets) {
  describe(`modern frames, ${target.name}`, () => {
    let server;
    before(async () => { server = await target.start({}); });
    after(() => server.stop());

    for (const [name, body] of Object.entries(CASES)) {
      test(name, async () => {
        const wire = await Wire.ready(server.url, MODERN);
        try {
          await body(wire, server);
        } finally {
          wire.drop();
          await wire.until('an empty server', async () => await server.running() === 0);
        }
      });
    }
    for (const [name, frame, code, reason] of FATAL) {
      test(`${name} closes with ${code}`, async () => {
        const wire = await Wire.ready(server.url, MODERN);
        wire.send(frame);
        const end = await wire.closed();
        assert.equal(end.code, code);
        assert.match(end.reason, reason ?? /./);
      });
    }
    test('an id that is in use closes with 4409 and names it', async () => {
      const wire = await Wire.ready(server.url, MODERN);
      wire.start('a', 'subscription { silent }');
      wire.start('a', 'subscription { silent }');
      assert.deepEqual(await wire.closed(), { code: 4409, reason: 'Subscriber for a already exists' });
    });
    test('an operation without an init closes with 4401', async () => {
      const wire = await Wire.open(server.url, MODERN);
      wire.start('a', '{ hello }');
      assert.deepEqual(await wire.closed(), { code: 4401, reason: 'Unauthorized' });
    });
    test('a ping before the init is answered', async () => {
      const wire = await Wire.open(server.url, MODERN);
      wire.send({ type: 'ping' });
      assert.deepEqual(await wire.got({ type: 'pong' }), { type: 'pong' });
      wire.drop();
    });
    test('no subprotocol closes with 4406', async () => {
      const wire = await Wire.open(server.url, {});
      assert.deepEqual(await wire.closed(), { code: 4406, reason: 'Subprotocol not acceptable' });
    });
  });

  test(`modern, ${target.name}: no init in time closes with 4408`, () => withTarget(target, { init_timeout_ms: 20 }, async (server) => {
    const wire = await Wire.open(server.url, MODERN);
    assert.deepEqual(await wire.closed(), { code: 4408, reason: 'Connection initialisation timeout' });
  }));

  test(`modern, ${target.name}: an operation while the init is looked at closes with 4401`, () => withTarget(target, { ack_delay_ms: 5000 }, async (server) => {
    const wire = await Wire.open(server.url, MODERN);
    wire.send({ type: 'connection_init' });
    wire.start('a', '{ hello }');
    assert.equal((await wire.closed()).code, 4401);
  }));

  test(`modern, ${target.name}: the ack may carry a payload`, () => withTarget(target, { ack_payload: true }, async (server) => {
    const wire = await Wire.ready(server.url, MODERN);
    assert.deepEqual(wire.frames[0].payload, { server: 'test', protocol: 'graphql-transport-ws' });
    wire.drop();
  }));

  test(`modern, ${target.name}: ping and unasked pong come again and again`, () => withTarget(target, { ping_ms: 20, pong_ms: 20 }, async (server) => {
    const wire = await Wire.open(server.url, MODERN);
    await wire.until('both twice', () => ['ping', 'pong'].every((type) => wire.frames.filter((frame) => frame.type === type).length > 1));
    wire.drop();
  }));

  test(`modern, ${target.name}: a wrong token closes with 4403, a right one in any of its places is taken`, () => withTarget(target, { token: 's3cret' }, async (server) => {
    const refused = await Wire.open(server.url, MODERN);
    refused.send({ type: 'connection_init', payload: { token: 'wrong' } });
    assert.deepEqual(await refused.closed(), { code: 4403, reason: 'Forbidden' });
    for (const payload of [{ token: 's3cret' }, { Authorization: 'Bearer s3cret' }, { headers: { Authorization: 'Bearer s3cret' } }]) {
      (await Wire.ready(server.url, MODERN, payload)).drop();
    }
  }));

  test(`modern, ${target.name}: a wrong token in the URL is refused with 401`, () => withTarget(target, { token: 's3cret', auth: 'query' }, async (server) => {
    assert.deepEqual((await Wire.open(`${server.url}?token=wrong`, MODERN)).end, { status: 401 });
    (await Wire.ready(`${server.url}?token=s3cret`, MODERN)).drop();
  }));

  test(`modern, ${target.name}: a wrong token in the header is refused with 401`, () => withTarget(target, { token: 's3cret', auth: 'header' }, async (server) => {
    assert.deepEqual((await Wire.open(server.url, MODERN, { authorization: 'Bearer wrong' })).end, { status: 401 });
    const wire = await Wire.open(server.url, MODERN, { authorization: 'Bearer s3cret' });
    assert.equal(wire.end, null);
    wire.drop();
  }));

  test(`modern, ${target.name}: a planned end closes with 1001`, () => withTarget(target, {}, async (server) => {
    const wire = await Wire.ready(server.url, MODERN);
    await server.shutdown();
    assert.equal((await wire.closed()).code, 1001);
  }));
}
