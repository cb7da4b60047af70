// How to test a bot: `node --test bot.test.mjs`. Each test has a gateway of its own, in a process of its own.

import assert from 'node:assert/strict';
import { once, EventEmitter } from 'node:events';
import { test } from 'node:test';

import { Astro } from 'topicwire';
import { DEFAULT_ROOM, LocalGateway } from 'topicwire/testing';

/** The bot under test: it thanks for tips, and says when it may have missed some. */
async function bot(url, say) {
  const astro = new Astro({ token: 'a token', url });
  astro.on('channel.tips', ({ data }) => say(`thank you, ${data.donation.user.username}`));
  astro.on('gap', () => say('did I miss something?'));
  await astro.connect();
  await astro.subscribe('channel.tips', { room: DEFAULT_ROOM });
  return astro;
}

const tip = (username) => ({ _id: `tip-${username}`, approved: 'allowed', status: 'success', donation: { user: { username }, amount: 5, currency: 'EUR' } });

/** A gateway, a running bot, and what the bot says. */
async function running(t) {
  const gateway = await LocalGateway.start();
  const said = new EventEmitter();
  const astro = await bot(gateway.astroUrl, (line) => said.emit('line', line));
  t.after(async () => {
    await astro.close();
    await gateway.close();
  });
  return { gateway, said };
}

test('it thanks for a tip', async (t) => {
  const { gateway, said } = await running(t);
  const line = once(said, 'line');
  await gateway.publish('channel.tips', tip('quiet_otter'));
  assert.deepEqual(await line, ['thank you, quiet_otter']);
});

test('it misses nothing when it is asked to move', async (t) => {
  const { gateway, said } = await running(t);
  const lines = [];
  const all = new Promise((resolve) => said.on('line', (line) => lines.push(line) === 20 && resolve()));
  await gateway.reconnect();
  for (let number = 0; number < 20; number += 1) await gateway.publish('channel.tips', tip(String(number)));
  await all;
  assert.deepEqual(lines, [...Array(20).keys()].map((number) => `thank you, ${number}`));
});

test('it says so when it may have missed something', async (t) => {
  const { gateway, said } = await running(t);
  const line = once(said, 'line');
  await gateway.fault('cut', { how: 'reset' });
  assert.deepEqual(await line, ['did I miss something?']);
});

test('it asks for the topic and shows its token to nobody else', async (t) => {
  const { gateway } = await running(t);
  const asked = await gateway.waitForSent((message) => message.type === 'subscribe');
  assert.deepEqual([asked.data.topic, asked.data.token], ['channel.tips', '***']);
});
