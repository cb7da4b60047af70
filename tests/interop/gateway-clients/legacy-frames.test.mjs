// Subprotocol `graphql-ws`: what every mistake draws, frame by frame, from the reference server and from our gateway.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { targets, withTarget } from '../harness/targets.mjs';
import { LEGACY, Wire } from '../harness/wire.mjs';

/** Each case gets a server and a socket that is ready. */
const CASES = {
  async 'a subscription gives data and a complete whose payload is null'(wire) {
    wire.start('a', 'subscription { countdown(from: 2) }');
    assert.deepEqual(await wire.got({ id: 'a', type: 'complete' }), { id: 'a', type: 'complete', payload: null });
    assert.deepEqual(wire.of('a').map((frame) => frame.payload), [2, 1, 0].map((n) => ({ data: { countdown: n } })).concat(null));
  },
  async 'queries and mutations give one result and the end'(wire) {
    wire.start('q', '{ hello(name: "you") }');
    wire.start('m', 'mutation { echo(text: "me") }');
    await wire.got({ id: 'q', type: 'complete' });
    await wire.got({ id: 'm', type: 'complete' });
    assert.deepEqual(wire.of('q')[0].payload, { data: { hello: 'hello you' } });
    assert.deepEqual(wire.of('m')[0].payload, { data: { echo: 'me' } });
  },
  async 'an unknown field gives data with errors only, then complete'(wire) {
    await failsAsData(wire, 'subscription { nosuch }');
  },
  async 'a missing variable gives data with errors only, then complete'(wire) {
    await failsAsData(wire, 'subscription ($n: Int!) { countdown(from: $n) }');
  },
  async 'an unknown operation name gives data with errors only, then complete'(wire) {
    await failsAsData(wire, 'subscription A { silent }', { operationName: 'B' });
  },
  async 'a subscription that cannot be set up gives data with errors only, then complete'(wire) {
    await failsAsData(wire, 'subscription { failingSubscribe }');
  },
  async 'a syntax error gives error with one object, and no complete'(wire) {
    wire.start('a', 'subscription {');
    const { payload } = await wire.got({ id: 'a', type: 'error' });
    assert.match(payload.message, /^Syntax Error/);
    await wire.fence();
    assert.equal(wire.of('a').length, 1);
  },
  async 'an error in one event stands beside its data, and the stream goes on'(wire) {
    wire.start('a', 'subscription { failingField(n: 3, every: 2) }');
    await wire.got({ id: 'a', type: 'complete' });
    const [first, second, third] = wire.of('a').map((frame) => frame.payload);
    assert.deepEqual([first, third], [{ data: { failingField: 1 } }, { data: { failingField: 3 } }]);
    assert.deepEqual(second.data, { failingField: null });
    assert.equal(second.errors[0].extensions.code, 'TEST_FAILURE');
    assert.deepEqual(second.errors[0].path, ['failingField']);
  },
  async 'a source that breaks gives error with one object, and no complete'(wire) {
    wire.start('a', 'subscription { failingStream(after: 2) }');
    const { payload } = await wire.got({ id: 'a', type: 'error' });
    assert.equal(payload.message, 'event source broke');
    await wire.fence();
    assert.deepEqual(wire.of('a').map((frame) => frame.type), ['data', 'data', 'error']);
  },
  async 'a start without payload gives error, and the socket stays'(wire) {
    wire.send({ id: 'a', type: 'start' });
    assert.equal(typeof (await wire.got({ id: 'a', type: 'error' })).payload.message, 'string');
    await wire.fence();
  },
  async 'an unknown type gives error, with the id if there was one, and the socket stays'(wire) {
    wire.send({ type: 'bogus' });
    wire.send({ id: 'a', type: 'ping' });
    const named = await wire.got({ id: 'a', type: 'error' });
    assert.equal(named.payload.message, 'Invalid message type!');
    const [unnamed] = wire.frames.filter((frame) => frame.type === 'error');
    assert.equal(unnamed.payload.message, 'Invalid message type!');
    assert.equal(unnamed.id, undefined);
    await wire.fence();
  },
  async 'text that is no JSON gives connection_error with a null id, and the socket stays'(wire) {
    wire.send('not JSON');
    const frame = await wire.got({ type: 'connection_error' });
    assert.equal(frame.id, null);
    assert.equal(typeof frame.payload.message, 'string');
    await wire.fence();
  },
  async 'stop is answered with complete and ends the source'(wire, server) {
    wire.start('a', 'subscription { silent }');
    await wire.until('the operation', async () => await server.running() === 1);
    wire.stop('a');
    await wire.got({ id: 'a', type: 'complete' });
    await wire.until('the end of the source', async () => await server.running() === 0);
  },
  async 'the modern stop frame draws an error, and the stream goes on'(wire) {
    wire.start('a', 'subscription { ticks(intervalMs: 5) { seq } }');
    await wire.got({ id: 'a', type: 'data' });
    wire.send({ id: 'a', type: 'complete' });
    await wire.got({ id: 'a', type: 'error' });
    const seen = wire.of('a').length;
    await wire.until('more data', () => wire.of('a').slice(seen).some((frame) => frame.type === 'data'));
  },
  async 'an id that is in use passes to the new operation, and the old one completes'(wire, server) {
    wire.start('a', 'subscription { silent }');
    await wire.until('the operation', async () => await server.running() === 1);
    wire.start('a', 'subscription { ticks(intervalMs: 5) { seq } }');
    await wire.got({ id: 'a', type: 'complete' });
    await wire.got({ id: 'a', type: 'data' });
    assert.equal(await server.running(), 1);
  },
  async 'a numeric id comes back as a number'(wire) {
    wire.start(7, '{ hello }');
    await wire.got({ id: 7, type: 'complete' });
  },
  async 'a second init is acknowledged again'(wire) {
    wire.send({ type: 'connection_init' });
    await wire.until('two acks', () => wire.frames.filter((frame) => frame.type === 'connection_ack').length === 2);
  },
  async 'connection_terminate closes without a code'(wire) {
    wire.send({ type: 'connection_terminate' });
    assert.equal((await wire.closed()).code, 1005);
  },
  async 'operations interleave'(wire) {
    for (let n = 0; n < 20; n += 1) wire.start(`op ${n}`, `subscription { countdown(from: ${n}, intervalMs: 1) }`);
    await wire.until('every end', () => wire.frames.filter((frame) => frame.type === 'complete').length === 20);
    for (let n = 0; n < 20; n += 1) assert.equal(wire.of(`op ${n}`).length, n + 2);
  },
};

async function failsAsData(wire, query, more) {
  wire.start('a', query, more);
  await wire.got({ id: 'a', type: 'complete' });
  const [data, complete, ...rest] = wire.of('a');
  assert.deepEqual([data.type, complete.type, rest], ['data', 'complete', []]);
  assert.deepEqual(Object.keys(data.payload), ['errors']);
  assert.equal(typeof data.payload.errors[0].message, 'string');
}

for (const target of targets) {
  describe(`legacy frames, ${target.name}`, () => {
    let server;
    before(async () => { server = await target.start({}); });
    after(() => server.stop());

    for (const [name, body] of Object.entries(CASES)) {
      test(name, async () => {
        const wire = await Wire.ready(server.url, LEGACY);
        try {
          await body(wire, server);
        } finally {
          wire.drop();
          await wire.until('an empty server', async () => await server.running() === 0);
        }
      });
    }
  });

  test(`legacy, ${target.name}: ka comes right behind the ack, and again and again`, () => withTarget(target, { ka_ms: 20 }, async (server) => {
    const wire = await Wire.ready(server.url, LEGACY);
    await wire.until('three ka', () => wire.frames.length > 3);
    assert.deepEqual(wire.frames.slice(0, 4).map((frame) => frame.type), ['connection_ack', 'ka', 'ka', 'ka']);
    wire.drop();
  }));

  test(`legacy, ${target.name}: a wrong token is refused in a frame, then closed with 1011`, () => withTarget(target, { token: 's3cret' }, async (server) => {
    const wire = await Wire.open(server.url, LEGACY);
    wire.send({ type: 'connection_init', payload: { token: 'wrong' } });
    wire.start('a', '{ hello }');
    assert.deepEqual(await wire.closed(), { code: 1011, reason: '' });
    assert.equal(wire.frames.find((frame) => frame.type === 'connection_error').payload.message, 'Unauthorized');
    assert.equal(wire.frames.find((frame) => frame.id === 'a').payload.message, 'Unauthorized');
    assert.ok(!wire.frames.some((frame) => frame.type === 'data'));
  }));

  test(`legacy, ${target.name}: a planned end closes with 1001`, () => withTarget(target, {}, async (server) => {
    const wire = await Wire.ready(server.url, LEGACY);
    await server.shutdown();
    assert.equal((await wire.closed()).code, 1001);
  }));
}
