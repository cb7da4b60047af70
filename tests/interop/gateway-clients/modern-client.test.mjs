// The npm client `graphql-ws` as its users have it, against the reference server and against our gateway.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { targets, withTarget } from '../harness/targets.mjs';
import { until } from '../harness/until.mjs';

/** A client that dials at once, does not wait between attempts, and keeps the close events it saw. */
function connect(url, options = {}) {
  const log = { connected: 0, closed: [] };
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    retryWait: async () => {},
    ...options,
    on: { connected: () => { log.connected += 1; }, closed: ({ code, reason }) => log.closed.push({ code, reason }), ...options.on },
  });
  return { client, log };
}

/** Starts an operation and keeps what comes. */
function run(client, payload) {
  const seen = { results: [], error: undefined, complete: false };
  seen.dispose = client.subscribe(typeof payload === 'string' ? { query: payload } : payload, {
    next: (result) => seen.results.push(result),
    error: (error) => { seen.error = error; },
    complete: () => { seen.complete = true; },
  });
  seen.over = () => until('the end of the operation', () => seen.complete || seen.error, () => seen);
  seen.atLeast = (count) => until(`${count} results`, () => seen.results.length >= count, () => seen);
  return seen;
}

const TICKS = 'subscription { ticks(intervalMs: 5) { seq } }';

/** Each case gets a server of its own kind and a client. */
const CASES = {
  async 'a subscription runs to its end'({ client }) {
    const results = [];
    for await (const result of client.iterate({ query: 'subscription { countdown(from: 3) }' })) results.push(result.data.countdown);
    assert.deepEqual(results, [3, 2, 1, 0]);
  },
  async 'queries and mutations have one result'({ client }) {
    const query = run(client, { query: 'query Q($name: String) { hello(name: $name) }', variables: { name: 'ws' }, operationName: 'Q' });
    const mutation = run(client, 'mutation { echo(text: "ä 😀") }');
    await query.over();
    await mutation.over();
    assert.deepEqual(query.results, [{ data: { hello: 'hello ws' } }]);
    assert.deepEqual(mutation.results, [{ data: { echo: 'ä 😀' } }]);
  },
  async 'a document that does not fit the schema ends with its errors'({ client, log }) {
    const operation = run(client, 'subscription { nosuch }');
    await operation.over();
    assert.equal(typeof operation.error[0].message, 'string');
    assert.deepEqual(log.closed.filter(({ code }) => code !== 1000), []);
  },
  async 'a source that breaks ends its operation alone'({ client }) {
    const other = run(client, TICKS);
    await other.atLeast(1);
    const broken = run(client, 'subscription { failingStream(after: 2) }');
    await broken.over();
    assert.deepEqual([broken.results.length, broken.error[0].message], [2, 'event source broke']);
    await other.atLeast(other.results.length + 3);
    other.dispose();
  },
  async 'partial results keep their data'({ client }) {
    const operation = run(client, 'subscription { failingField(n: 3, every: 2) }');
    await operation.over();
    assert.deepEqual(operation.results.map(({ data }) => data.failingField), [1, null, 3]);
    assert.equal(operation.results[1].errors.length, 1);
  },
  async 'a syntax error closes with 4500, which the client takes for fatal'({ client }) {
    const operation = run(client, 'subscription {');
    await operation.over();
    assert.equal(operation.error.code, 4500);
  },
  async 'disposing an operation ends its source'({ client, server }) {
    const [one, two] = [run(client, TICKS), run(client, TICKS)];
    await one.atLeast(1);
    await two.atLeast(1);
    one.dispose();
    await until('one source', async () => await server.running() === 1);
    await two.atLeast(two.results.length + 3);
    two.dispose();
    await until('no source', async () => await server.running() === 0);
  },
  async 'a hundred operations share a connection'({ client, log }) {
    const operations = Array.from({ length: 100 }, (_, n) => run(client, `subscription { countdown(from: ${n % 7}) }`));
    await Promise.all(operations.map((operation) => operation.over()));
    operations.forEach((operation, n) => assert.equal(operation.results.length, (n % 7) + 1));
    assert.equal(log.connected, 1);
  },
  async 'a message of two megabytes arrives whole'({ client }) {
    const operation = run(client, 'subscription { big(bytes: 2000000, n: 2) }');
    await operation.over();
    assert.deepEqual(operation.results.map(({ data }) => data.big.length), [2_000_000, 2_000_000]);
  },
  async 'after a cut the client connects again and its operation goes on'({ client, server, log }) {
    const operation = run(client, TICKS);
    await operation.atLeast(3);
    await server.cut();
    await until('the second connection', () => log.connected === 2);
    const seen = operation.results.length;
    await operation.atLeast(seen + 3);
    assert.ok(operation.results.slice(1).some(({ data }) => data.ticks.seq === 1), 'the source began anew');
    assert.equal(log.closed[0].code, 1006);
    operation.dispose();
  },
};

for (const target of targets) {
  describe(`npm graphql-ws, ${target.name}`, () => {
    for (const [name, body] of Object.entries(CASES)) {
      test(name, () => withTarget(target, {}, async (server) => {
        const connection = connect(server.url);
        await body({ ...connection, server });
        await connection.client.dispose();
      }));
    }

    for (const code of [1001, 1012, 1013, 4205]) {
      test(`close ${code} is followed by another attempt`, () => withTarget(target, {}, async (server) => {
        const { client, log } = connect(server.url);
        const operation = run(client, TICKS);
        await operation.atLeast(1);
        await server.close(code, 'as you were');
        await until('the second connection', () => log.connected === 2);
        assert.deepEqual(log.closed[0], { code, reason: 'as you were' });
        await client.dispose();
      }));
    }

    for (const code of [1011, 4400, 4500]) {
      test(`close ${code} ends the operation`, () => withTarget(target, {}, async (server) => {
        const { client, log } = connect(server.url);
        const operation = run(client, TICKS);
        await operation.atLeast(1);
        await server.close(code, 'no');
        await operation.over();
        assert.deepEqual([operation.error.code, operation.error.reason, log.connected], [code, 'no', 1]);
      }));
    }

    test('a refused init is tried again, and taken once its token is right', () => withTarget(target, { token: 's3cret' }, async (server) => {
      let attempts = 0;
      const connectionParams = () => {
        attempts += 1;
        return { token: attempts === 1 ? 'stale' : 's3cret' };
      };
      const { client, log } = connect(server.url, { connectionParams });
      const operation = run(client, '{ hello }');
      await operation.over();
      assert.deepEqual(log.closed[0], { code: 4403, reason: 'Forbidden' });
      assert.equal(operation.results.length, 1);
      await client.dispose();
    }));

    test("the client's pings are answered", () => withTarget(target, {}, async (server) => {
      let pongs = 0;
      const { client } = connect(server.url, { lazy: false, keepAlive: 10, on: { pong: (received) => { pongs += received ? 1 : 0; } } });
      await until('three pongs', () => pongs >= 3);
      await client.dispose();
    }));

    test('the ack arrives with its payload', () => withTarget(target, { ack_payload: true }, async (server) => {
      const ack = new Promise((resolve) => {
        const { client } = connect(server.url, { lazy: false, on: { connected: (_, payload) => resolve({ client, payload }) } });
      });
      const { client, payload } = await ack;
      assert.equal(payload.server, 'test');
      await client.dispose();
    }));
  });
}
