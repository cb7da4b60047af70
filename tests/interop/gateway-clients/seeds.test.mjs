// The programs of a gateway's own documentation, against our gateway. Only address, room, token and topic are filled in.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { startGateway } from '../harness/gateway.mjs';
import { here, python, startProgram } from '../harness/process.mjs';
import { until } from '../harness/until.mjs';

const ROOM = '64f0a1b2c3d4e5f607182930';
const TOKEN = 'a-token-for-tests';
const FOLLOW = { type: 'follow', provider: 'twitch', channel: ROOM, data: { username: 'quiet_otter' } };
const UPDATE = { key: 'follower-latest', name: 'follower-latest', data: { name: 'brisk_heron' } };

/** Runs a program of `seeds/` that subscribes to `topic`. */
function startSeed(file, gateway, topic) {
  const filled = readFileSync(here(`seeds/${file}`), 'utf8')
    .replaceAll('wss://astro.streamelements.com', gateway.astro.replace(/\/$/, ''))
    .replaceAll('YOUR_JWT_TOKEN', TOKEN)
    .replaceAll(/YOUR_CHANNEL_ID|channelId123/g, ROOM)
    .replace(/(topic['"]?: ['"])channel\.\w+/, `$1${topic}`); // the first one: the subscription, not the branches
  const program = file.endsWith('.py')
    ? startProgram(python, ['-u', '-c', filled])
    : startProgram(process.execPath, ['--input-type=commonjs', '-e', filled], { cwd: here('.') });
  return {
    ...program,
    prints: (pattern) => until(`the program to print ${pattern}`, () => program.output.match(pattern), () => program.output),
    get output() { return program.output; },
  };
}

const subscribed = (gateway, program) => until(
  'the subscription',
  async () => (await gateway.connections()).some(({ state }) => state.subscriptions.length > 0),
  () => program.output,
);

for (const [file, language] of [['newer-node.cjs', 'Node.js with ws'], ['newer-python.py', 'Python with websockets']]) {
  describe(`the newer page's program in ${language}`, () => {
    let gateway;
    let program;
    beforeEach(async () => { gateway = await startGateway(); });
    afterEach(async () => {
      await program.stop();
      await gateway.stop();
    });

    test('subscribes after the welcome and prints the activity', async () => {
      program = startSeed(file, gateway, 'channel.activities');
      await program.prints(/Welcome received, client ID: \S+/);
      await program.prints(/Success: .+/);
      assert.equal((await gateway.publish('channel.activities', ROOM, FOLLOW)).receivers, 1);
      await program.prints(new RegExp(`\\[channel\\.activities\\] in room ${ROOM}`));
      await program.prints(/New activity: .*follow/);
      assert.doesNotMatch(program.output, /Error/);
    });

    test('prints a session update', async () => {
      program = startSeed(file, gateway, 'channel.session.update');
      await program.prints(/Success: .+/);
      await gateway.publish('channel.session.update', ROOM, UPDATE);
      await program.prints(/Session update - Key: follower-latest/);
    });

    test('prints a session reset that is wrapped', async () => {
      program = startSeed(file, gateway, 'channel.session.reset');
      await program.prints(/Success: .+/);
      await gateway.publish('channel.session.reset', ROOM, { session: { 'follower-latest': { name: 'brisk_heron' } } });
      await program.prints(/Session reset.*follower-latest.*brisk_heron/);
    });

    test('prints why a subscription is refused', async () => {
      await gateway.post('astro/tokens', [{ token: 'another', channel: ROOM }]);
      program = startSeed(file, gateway, 'channel.activities');
      await program.prints(/Error: err_unauthorized\W+\w+/);
    });

    test('hears of a planned shutdown', async () => {
      program = startSeed(file, gateway, 'channel.activities');
      await subscribed(gateway, program);
      await gateway.post('astro/reconnect', { grace_ms: 0 });
      await program.prints(/Server is shutting down, reconnecting\.\.\./);
      if (language.startsWith('Python')) {
        assert.equal(await program.exited, 0);
      } else {
        await until('the resumed connection', async () => (await gateway.connections()).some(({ state }) => state.resumed));
        await program.prints(/Connection closed: 1001/);
      }
    });

    test('ends when the connection is closed', async () => {
      program = startSeed(file, gateway, 'channel.activities');
      await subscribed(gateway, program);
      await gateway.fault('close', { code: 1001, reason: 'over' });
      if (language.startsWith('Node')) await program.prints(/Connection closed: 1001 over/);
      assert.equal(await program.exited, 0);
    });
  });
}

for (const [file, language] of [['older-node.cjs', 'Node.js with ws'], ['older-python.py', 'Python with websockets']]) {
  for (const profile of ['legacy', '2026']) {
    describe(`the older page's program in ${language}, profile ${profile}`, () => {
      let gateway;
      let program;
      beforeEach(async () => { gateway = await startGateway({ astro: { profile, extra_topics: ['channel.follow'] } }); });
      afterEach(async () => {
        await program.stop();
        await gateway.stop();
      });

      test('subscribes as soon as it is connected, and prints the follower', async () => {
        program = startSeed(file, gateway, 'channel.follow');
        await program.prints(/Received response:/);
        await gateway.publish('channel.follow', ROOM, { name: 'quiet_otter' });
        await program.prints(/New follower: .*quiet_otter/);
        assert.doesNotMatch(program.output, /[Ee]rror/);
      });

      test('prints a session update', async () => {
        program = startSeed(file, gateway, 'channel.session.update');
        await program.prints(/Received response:/);
        await gateway.publish('channel.session.update', ROOM, { key: 'latest_follower', data: { name: 'brisk_heron' } });
        await program.prints(/Latest follower updated: brisk_heron/);
      });

      test('prints a session reset', async () => {
        program = startSeed(file, gateway, 'channel.session.reset');
        await program.prints(/Received response:/);
        await gateway.publish('channel.session.reset', ROOM, { session: { follower_count: 1042, latest_follower: { name: 'brisk_heron' } } });
        await program.prints(/Current follower count: 1042/);
        await program.prints(/Latest follower: .*brisk_heron/);
      });

      test('ends when the connection is closed', async () => {
        program = startSeed(file, gateway, 'channel.follow');
        await subscribed(gateway, program);
        await gateway.fault('close', { code: 1000, reason: 'over' });
        await program.prints(/Connection closed/);
        assert.equal(await program.exited, 0);
      });
    });
  }
}
