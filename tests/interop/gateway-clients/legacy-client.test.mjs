// The npm client `subscriptions-transport-ws` as its users have it, against the reference server and against our gateway.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import transport from 'subscriptions-transport-ws';
import WebSocket from 'ws';
import { targets, withTarget } from '../harness/targets.mjs';
import { until } from '../harness/until.mjs';

const { SubscriptionClient } = transport;
const TICKS = 'subscription { ticks(intervalMs: 5) { seq } }';

/** A client that reconnects, and keeps the events it saw. */
function connect(url, options = {}) {
  const client = new SubscriptionClient(url, { reconnect: true, ...options }, WebSocket, 'graphql-ws');
  const log = { connected: 0, reconnected: 0, disconnected: 0 };
  for (const event of Object.keys(log)) client.on(event, () => { log[event] += 1; });
  return { client, log };
}

/** Starts an operation and keeps what comes. */
function run(client, payload) {
  const seen = { results: [], error: undefined, complete: false };
  const request = client.request(typeof payload === 'string' ? { query: payload } : payload);
  const { unsubscribe } = request.subscribe({
    next: (result) => seen.results.push(result),
    error: (error) => { seen.error = error; },
    complete: () => { seen.complete = true; },
  });
  seen.dispose = unsubscribe;
  seen.over = () => until('the end of the operation', () => seen.complete || seen.error, () => seen);
  seen.atLeast = (count) => until(`${count} results`, () => seen.results.length >= count, () => seen);
  return seen;
}

/** Each case gets a server of its own kind and a client. */
const CASES = {
  async 'a subscription runs to its end'({ client }) {
    const operation = run(client, { query: 'subscription ($n: Int!) { countdown(from: $n) }', variables: { n: 3 } });
    await operation.over();
    assert.deepEqual(operation.results.map(({ data }) => data.countdown), [3, 2, 1, 0]);
  },
  async 'queries and mutations have one result'({ client }) {
    const query = run(client, { query: 'query Q { hello(name: "ws") }', operationName: 'Q' });
    const mutation = run(client, 'mutation { echo(text: "ä 😀") }');
    await query.over();
    await mutation.over();
    assert.deepEqual(query.results, [{ data: { hello: 'hello ws' } }]);
    assert.deepEqual(mutation.results, [{ data: { echo: 'ä 😀' } }]);
  },
  async 'a document that does not fit the schema comes as a result with errors, and completes'({ client }) {
    const operation = run(client, 'subscription { nosuch }');
    await operation.over();
    assert.equal(operation.error, undefined);
    assert.equal(typeof operation.results[0].errors[0].message, 'string');
  },
  async 'a syntax error ends its operation alone'({ client }) {
    const other = run(client, TICKS);
    await other.atLeast(1);
    const bad = run(client, 'subscription {');
    await bad.over();
    assert.match(bad.error.message, /^Syntax Error/);
    await other.atLeast(other.results.length + 3);
    other.dispose();
  },
  async 'a source that breaks ends its operation with an error'({ client }) {
    const operation = run(client, 'subscription { failingStream(after: 2) }');
    await operation.over();
    assert.deepEqual([operation.results.length, operation.error.message], [2, 'event source broke']);
  },
  async 'partial results keep their data'({ client }) {
    const operation = run(client, 'subscription { failingField(n: 3, every: 2) }');
    await operation.over();
    assert.deepEqual(operation.results.map(({ data }) => data.failingField), [1, null, 3]);
  },
  async 'unsubscribing ends the source'({ client, server }) {
    const [one, two] = [run(client, TICKS), run(client, TICKS)];
    await one.atLeast(1);
    await two.atLeast(1);
    one.dispose();
    await until('one source', async () => await server.running() === 1);
    await two.atLeast(two.results.length + 3);
    client.unsubscribeAll();
    await until('no source', async () => await server.running() === 0);
  },
  async 'a hundred operations share a connection'({ client, server }) {
    const operations = Array.from({ length: 100 }, (_, n) => run(client, `subscription { countdown(from: ${n % 7}) }`));
    await Promise.all(operations.map((operation) => operation.over()));
    operations.forEach((operation, n) => assert.equal(operation.results.length, (n % 7) + 1));
    assert.equal(await server.sockets(), 1);
  },
  async 'a message of two megabytes arrives whole'({ client }) {
    const operation = run(client, 'subscription { big(bytes: 2000000) }');
    await operation.over();
    assert.equal(operation.results[0].data.big.length, 2_000_000);
  },
  async 'after a cut the client connects again and its operation goes on'({ client, server, log }) {
    const operation = run(client, TICKS);
    await operation.atLeast(3);
    await server.cut();
    await until('the second connection', () => log.reconnected === 1);
    await operation.atLeast(operation.results.length + 3);
    assert.ok(operation.results.slice(1).some(({ data }) => data.ticks.seq === 1), 'the source began anew');
  },
  async 'after a close the client connects again and its operation goes on'({ client, server, log }) {
    const operation = run(client, TICKS);
    await operation.atLeast(3);
    await server.close(1012, 'restart');
    await until('the second connection', () => log.reconnected === 1);
    await operation.atLeast(operation.results.length + 3);
  },
};

for (const target of targets) {
  describe(`npm subscriptions-transport-ws, ${target.name}`, () => {
    for (const [name, body] of Object.entries(CASES)) {
      test(name, () => withTarget(target, {}, async (server) => {
        const connection = connect(server.url);
        try {
          await body({ ...connection, server });
        } finally {
          connection.client.close();
        }
      }));
    }

    test('a server that falls silent is noticed by the missing ka, and the operation starts again', () => withTarget(target, { ka_ms: 50 }, async (server) => {
      const { client, log } = connect(server.url, { timeout: 400 });
      const operation = run(client, TICKS);
      await operation.atLeast(3);
      await server.mute();
      await until('the second connection', () => log.reconnected === 1);
      await operation.atLeast(operation.results.length + 3);
      client.close();
    }));

    test('a refused init reaches the connection callback', () => withTarget(target, { token: 's3cret' }, async (server) => {
      let refusal;
      const connectionCallback = (error) => { refusal ??= error; };
      const { client } = connect(server.url, { reconnect: false, connectionParams: { token: 'wrong' }, connectionCallback });
      await until('the refusal', () => refusal);
      assert.equal(refusal.message ?? refusal, 'Unauthorized');
      client.close();
    }));

    test('a token in the connection parameters is taken', () => withTarget(target, { token: 's3cret' }, async (server) => {
      const { client } = connect(server.url, { connectionParams: async () => ({ Authorization: 'Bearer s3cret' }) });
      const operation = run(client, '{ hello }');
      await operation.over();
      assert.deepEqual(operation.results, [{ data: { hello: 'hello world' } }]);
      client.close();
    }));
  });
}
