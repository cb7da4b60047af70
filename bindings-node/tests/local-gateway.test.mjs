// `topicwire/testing`: the gateway as programs' tests use it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { DEFAULT_ROOM, LocalGateway, LocalGatewayError } from 'topicwire/testing';

import { Socket, subscriber } from './websocket.mjs';

const SECRET = 'eyJhbGciOiJub25lIn0.eyJzZWNyZXQiOjF9.never-show-this';

/** A gateway that the test closes whatever happens. */
async function started(t, options) {
  const gateway = await LocalGateway.start(options);
  t.after(() => gateway.close());
  return gateway;
}

/** Whether the process runs; one that has ended and is not yet reaped does not. */
function alive(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1][0] !== 'Z';
  } catch {
    return false;
  }
}

async function gone(pid) {
  for (let tries = 0; alive(pid); tries++) {
    assert.ok(tries < 2000, `process ${pid} still runs`);
    await pause(10);
  }
}

function folder(t) {
  const made = mkdtempSync(path.join(tmpdir(), 'topicwire-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

/** An executable that is no gateway. */
function script(t, text) {
  const file = path.join(folder(t), 'program');
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

const says = (pattern) => (error) => error instanceof LocalGatewayError && pattern.test(error.message);

// What it is for.

test('a subscriber hears what is published', async (t) => {
  const gateway = await started(t);
  const socket = await subscriber(gateway, 'channel.tips');
  await gateway.waitForSubscribers('channel.tips');
  const published = await gateway.publish('channel.tips', { amount: 5 });
  assert.equal(published.receivers, 1);
  const heard = await socket.receive((message) => message.type === 'message');
  assert.deepEqual([heard.id, heard.topic, heard.room, heard.data], [published.id, 'channel.tips', DEFAULT_ROOM, { amount: 5 }]);
  assert.equal((await gateway.publish('channel.tips', 1, { room: 'another' })).receivers, 0);
  assert.equal((await gateway.publish('channel.tips', undefined, { id: published.id })).id, published.id);
  socket.close();
});

test('a GraphQL operation hears what is published', async (t) => {
  const gateway = await started(t);
  const socket = await Socket.open(gateway.graphqlUrl, 'graphql-transport-ws');
  socket.send({ type: 'connection_init' });
  await socket.receive((message) => message.type === 'connection_ack');
  socket.send({ type: 'subscribe', id: '1', payload: { query: 'subscription { blocks { number } }' } });
  await gateway.waitForSent((message) => message.type === 'subscribe');
  assert.equal(await gateway.publishGraphQL('blocks', { number: 7 }), 1);
  assert.deepEqual((await socket.receive((message) => message.type === 'next')).payload.data, { blocks: { number: 7 } });
  socket.close();
});

test('what a program sent can be looked at without its secrets', async (t) => {
  const gateway = await started(t);
  const socket = await subscriber(gateway, 'channel.tips', SECRET);
  const asked = await gateway.waitForSent((message) => message.data.topic === 'channel.tips');
  assert.equal(asked.data.token, '***');
  const [connection] = await gateway.connections('astro');
  assert.equal(connection.state.subscriptions[0].room, DEFAULT_ROOM);
  assert.deepEqual(await gateway.connections('graphql'), []);
  const transcript = await gateway.transcript();
  assert.deepEqual(
    (await gateway.transcript(1)).map((entry) => entry.seq),
    transcript.map((entry) => entry.seq).slice(1)
  );
  assert.deepEqual(await gateway.sent(connection.conn), await gateway.sent());
  assert.deepEqual(await gateway.sent(connection.conn + 1), []);
  assert.ok(!JSON.stringify([transcript, connection, await gateway.sent()]).includes(SECRET));
  socket.close();
});

test('faults strike and are taken back', async (t) => {
  const gateway = await started(t);
  const socket = await subscriber(gateway, 'channel.tips');
  assert.equal(await gateway.fault('refuse_upgrades', { status: 502, count: 1000 }), 0);
  assert.equal(await gateway.fault('cut', { how: 'reset', target: 'newest' }), 1);
  await gateway.waitForConnections(0);
  await gateway.clearFaults();
  socket.close();
  const next = await Socket.open(gateway.rawUrl);
  assert.deepEqual((await gateway.waitForConnections(1, { dialect: 'raw' })).length, 1);
  next.close();
});

test('a handover asks clients to move', async (t) => {
  const gateway = await started(t);
  const socket = await subscriber(gateway, 'channel.tips');
  assert.equal(await gateway.reconnect(), 1);
  assert.ok((await socket.receive((message) => message.type === 'reconnect')).data);
  socket.close();
});

test('several run at once and know nothing of each other', async (t) => {
  const [one, other] = await Promise.all([started(t), started(t)]);
  const socket = await subscriber(one, 'channel.tips');
  assert.notEqual(one.port, other.port);
  assert.deepEqual(await other.connections(), []);
  assert.deepEqual(await other.transcript(), []);
  socket.close();
});

test('options and seed reach the gateway', async (t) => {
  const gateway = await started(t, { options: { astro: { profile: 'legacy' } }, seed: 7, bitquery: true });
  const options = await gateway.control('options');
  assert.equal(options.astro.profile, 'legacy');
  assert.equal(options.graphql.bitquery, true);
  const again = await started(t, { seed: 7 });
  // The clock is part of an id, and the rest of it is the seed's.
  const [first, second] = [await gateway.publish('channel.tips', 1), await again.publish('channel.tips', 1)];
  assert.equal(first.id.slice(10), second.id.slice(10));
});

test('`require` and `import` give the same classes', () => {
  const required = createRequire(import.meta.url)('topicwire/testing');
  assert.equal(required.LocalGateway, LocalGateway);
  assert.equal(required.LocalGatewayError, LocalGatewayError);
});

// Beginning and end.

test('nothing is left after the end', async () => {
  const gateway = await LocalGateway.start();
  const { pid } = gateway;
  assert.ok(alive(pid));
  await Promise.all([gateway.close(), gateway[Symbol.asyncDispose]()]);
  assert.ok(!alive(pid));
  await assert.rejects(gateway.connections(), says(/is closed/));
});

for (const end of ['process.exit(1)', "process.kill(process.pid, 'SIGKILL')", '']) {
  test(`the gateway ends with its parent, though nobody closed it (${end || 'nothing left to do'})`, async () => {
    const program = `
      import('topicwire/testing').then(async ({ LocalGateway }) => {
        const gateway = await LocalGateway.start();
        console.log(gateway.pid);
        process.stdin.once('data', () => { process.stdin.unref(); ${end} });
      });`;
    const parent = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = await once(createInterface(parent.stdout), 'line');
    assert.ok(alive(Number(line)));
    parent.stdin.write('\n');
    await once(parent, 'exit');
    await gone(Number(line));
  });
}

test('a gateway that has ended says so, even while the system clears it away', async (t) => {
  for (let round = 0; round < 10; round += 1) {
    const gateway = await started(t);
    process.kill(gateway.pid, 'SIGKILL');
    await assert.rejects(gateway.connections(), says(/has ended/));
  }
});

test('a wait can be aborted', async (t) => {
  const gateway = await started(t);
  const stop = new AbortController();
  const waiting = gateway.waitForConnections(1, { timeout: 1e6, signal: stop.signal });
  stop.abort(new Error('enough'));
  await assert.rejects(waiting, /enough|aborted/);
  await assert.rejects(LocalGateway.start({ signal: AbortSignal.abort(new Error('not today')) }), /not today/);
});

// What can be wrong.

test('a missing program is named', async (t) => {
  const nowhere = path.join(folder(t), 'nowhere');
  await assert.rejects(LocalGateway.start({ program: nowhere }), says(/nowhere cannot be started/));
  const before = process.env.TOPICWIRE_PROGRAM;
  t.after(() => (before === undefined ? delete process.env.TOPICWIRE_PROGRAM : (process.env.TOPICWIRE_PROGRAM = before)));
  process.env.TOPICWIRE_PROGRAM = nowhere;
  await assert.rejects(LocalGateway.start(), says(/TOPICWIRE_PROGRAM names .*nowhere/));
});

test('a program that never becomes ready is ended at the deadline', async (t) => {
  const place = folder(t);
  const slow = script(t, `echo $$ > ${place}/pid; echo waiting for a licence >&2; exec sleep 1000`);
  await assert.rejects(LocalGateway.start({ program: slow, readyTimeout: 4000 }), says(/within 4000 ms .*: waiting for a licence/));
  assert.ok(existsSync(`${place}/pid`));
  await gone(Number(readFileSync(`${place}/pid`, 'utf8')));
});

test('a start that is aborted leaves nothing behind', async (t) => {
  const place = folder(t);
  const slow = script(t, `echo $$ > ${place}/pid; exec sleep 1000`);
  const stop = new AbortController();
  const starting = LocalGateway.start({ program: slow, signal: stop.signal });
  while (!existsSync(`${place}/pid`) || readFileSync(`${place}/pid`, 'utf8') === '') await pause(10);
  stop.abort(new Error('enough'));
  await assert.rejects(starting, /enough/);
  await gone(Number(readFileSync(`${place}/pid`, 'utf8')));
});

test('a program that fails to start is quoted', async (t) => {
  const failing = script(t, 'echo no port is free >&2; exit 3');
  await assert.rejects(LocalGateway.start({ program: failing }), says(/status 3\) instead of starting: no port is free/));
  const other = script(t, 'echo hello; exec sleep 1000');
  await assert.rejects(LocalGateway.start({ program: other }), says(/does not speak as a gateway does; it said: hello/));
});

test('a port that is taken is an error that names it', async (t) => {
  const gateway = await started(t);
  await assert.rejects(LocalGateway.start({ port: gateway.port }), says(new RegExp(`port ${gateway.port}`)));
});

for (const [options, named] of [
  [{ port: 65536 }, 'port'],
  [{ seed: -1 }, 'seed'],
  [{ readyTimeout: 0 }, 'readyTimeout'],
  [{ options: 'legacy' }, 'options'],
  [{ bitquery: 1 }, 'bitquery'],
  [{ program: 1 }, 'program'],
  [{ signal: {} }, 'signal'],
  [{ prot: 1 }, 'prot'],
]) {
  test(`a wrong \`${named}\` is named before anything starts`, async () => {
    await assert.rejects(LocalGateway.start(options), { name: 'TypeError', message: new RegExp(`\`${named}\``) });
  });
}

test('it is made by `start` only', () => {
  assert.throws(() => new LocalGateway(), { name: 'TypeError', message: /LocalGateway.start/ });
});

test('what the gateway does not know is refused by name', async (t) => {
  const gateway = await started(t);
  await assert.rejects(gateway.fault('cutt'), says(/unknown variant `cutt`/));
  await assert.rejects(gateway.control('nope'), says(/there is no \/control\/nope/));
  await assert.rejects(LocalGateway.start({ options: { astro: { profil: 'legacy' } } }), says(/unknown field `profil`/));
});

test('a wait says what is there instead', async (t) => {
  const gateway = await started(t);
  await assert.rejects(gateway.waitForConnections(2, { dialect: 'raw', timeout: 0 }), says(/2 raw connections are expected, 0 are open/));
  await assert.rejects(gateway.waitForSubscribers('channel.tips', { timeout: 0 }), says(/1 subscribers of channel.tips .* there are 0/));
  await assert.rejects(gateway.waitForSent(() => true, { timeout: 0 }), says(/0 messages were sent/));
});
