// Every program of `examples/node` runs against a local gateway, and prints what it should.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { DEFAULT_ROOM, LocalGateway } from 'topicwire/testing';

// Beside this folder in the project that has installed the packages.
const EXAMPLES = fileURLToPath(new URL('../examples/', import.meta.url));
const SECRET = 'ory_at_never-show-this';
const TIP = { _id: 't1', approved: 'allowed', status: 'success', donation: { user: { username: 'quiet_otter' }, amount: 5, currency: 'EUR' } };
const FOLLOW = { type: 'follow', provider: 'twitch', data: { username: 'quiet_otter' } };

/** A gateway and a program, neither of which is left running whatever happens. */
async function running(t, name, environment, options) {
  const gateway = await LocalGateway.start(options);
  const urls = { ASTRO_URL: gateway.astroUrl, GRAPHQL_URL: gateway.graphqlUrl, RAW_URL: gateway.rawUrl };
  const program = spawn(process.execPath, [path.join(EXAMPLES, name)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TOKEN: SECRET, ROOM: DEFAULT_ROOM, ...urls, ...environment },
  });
  const ended = once(program, 'exit');
  t.after(async () => {
    program.kill('SIGKILL');
    await ended;
    await gateway.close();
  });
  const lines = createInterface(program.stdout)[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value;
  const until = async (wanted) => {
    const seen = [];
    for (let next = await line(); next !== wanted; next = await line()) {
      seen.push(next);
      assert.notEqual(next, undefined, `${wanted} did not come: ${seen.join('\n')}`);
    }
  };
  return { gateway, program, ended, line, until };
}

test('the bot thanks, and ends with Ctrl-C', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'topicwire-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'token'), SECRET);
  const { gateway, program, ended, line, until } = await running(t, 'bot.mjs', { TOKEN_FILE: path.join(folder, 'token') });
  await until('listening');
  await gateway.publish('channel.tips', TIP);
  assert.equal(await line(), 'quiet_otter gave 5 EUR');
  program.kill('SIGINT');
  assert.equal(await line(), 'bye');
  assert.deepEqual(await ended, [0, null]);
});

test('the overlay shows everything, and what may be missing', async (t) => {
  const { gateway, line, until } = await running(t, 'overlay.mjs');
  await gateway.waitForSubscribers('channel.activities');
  await gateway.waitForSubscribers('channel.tips');
  await gateway.publish('channel.tips', TIP);
  await until('quiet_otter: 5');
  await gateway.publish('channel.activities', FOLLOW);
  assert.equal(await line(), 'follow: quiet_otter');
  await gateway.fault('cut', { how: 'fin' });
  assert.equal(await line(), '· backoff');
  await until('· active');
  assert.match(await line(), /^something may be missing in /);
});

test('the watcher prints blocks', async (t) => {
  const { gateway, line } = await running(t, 'blocks.mjs', {}, { bitquery: true });
  await gateway.waitForSent((message) => message.type === 'start' || message.type === 'subscribe');
  await gateway.publishGraphQL('EVM', { Blocks: [{ Block: { Number: '19000000', TxCount: 143 } }] });
  assert.equal(await line(), 'block 19000000 with 143 transactions');
  assert.equal((await gateway.connections())[0].url, '/graphql?token=***');
});

test('the raw program gets its echo', async (t) => {
  const { line, ended } = await running(t, 'raw.cjs');
  assert.equal(await line(), 'text hello');
  assert.equal(await line(), 'binary <Buffer 00 ff>');
  assert.deepEqual(await ended, [0, null]);
});

test('the member of a group prints what is sent to it', async (t) => {
  const gateway = await LocalGateway.start();
  t.after(() => gateway.close());
  const { line } = await running(t, 'webpubsub.mjs', { HUB: await gateway.accessUrl() });
  assert.equal(await line(), 'lobby: good morning');
  await gateway.publishToGroup('lobby', { n: 1 });
  assert.equal(await line(), 'lobby: { n: 1 }');
  await gateway.fault('cut', { how: 'fin' });
  assert.equal(await line(), 'the session goes on where it was');
});

test('the test of a bot passes', () => {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env; // else it would report to the runner of this test
  const done = spawnSync(process.execPath, ['--test', '--test-reporter=tap', path.join(EXAMPLES, 'bot.test.mjs')], { env: environment, encoding: 'utf8', timeout: 60_000 });
  assert.match(done.stdout, /^# pass 4$/m, done.stdout);
  assert.match(done.stdout, /^# fail 0$/m, done.stdout);
});

test('no program is forgotten', () => {
  const here = readFileSync(fileURLToPath(import.meta.url), 'utf8');
  assert.deepEqual(
    readdirSync(EXAMPLES).filter((name) => !here.includes(`'${name}'`)),
    []
  );
});
