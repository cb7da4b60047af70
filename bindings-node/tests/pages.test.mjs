// The programs of the gateways' own documentation pages run with `topicwire/ws` in place of `ws`, and in place of a browser's WebSocket.
// Only addresses, rooms, tokens and pauses are filled in, and what the page left open ("do things …") prints.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { DEFAULT_ROOM, LocalGateway } from 'topicwire/testing';

const PAGES = new URL('../seeds/', import.meta.url);
const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const TOKEN = 'a-token-for-tests';
const SOON = 20_000;

/** The program of a page with what it leaves to its reader. */
function filled(name, replaced) {
  let text = readFileSync(new URL(name, PAGES), 'utf8');
  if (name.endsWith('.cjs')) {
    assert.equal(text.split('require(').filter((rest) => /^['"]ws['"]\)/.test(rest)).length, 1, 'one line is changed');
    text = text.replace(/require\((['"])ws\1\)/, "require('topicwire/ws')");
  } else {
    text = `const { WebSocket } = require('topicwire/ws');\n${text}`;
  }
  for (const [old, now] of Object.entries(replaced)) {
    assert.ok(text.includes(old), `${name} has ${old}`);
    text = text.replaceAll(old, now);
  }
  return text;
}

/** A page's program that runs, and is not left running whatever happens. */
class Page {
  output = '';
  #look = () => {};

  static async start(t, name, replaced) {
    const page = new Page();
    const folder = mkdtempSync(path.join(PROJECT, 'page-'));
    // What the pages' programs need beside `ws`.
    mkdirSync(path.join(folder, 'node_modules/uuid'), { recursive: true });
    writeFileSync(path.join(folder, 'node_modules/uuid/index.js'), "exports.v4 = require('node:crypto').randomUUID;\n");
    writeFileSync(path.join(folder, 'config.json'), JSON.stringify({ oauthtoken: TOKEN }));
    writeFileSync(path.join(folder, 'page.cjs'), filled(name, replaced));
    const program = spawn(process.execPath, ['page.cjs'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    page.ended = once(program, 'exit').then(([code]) => code);
    for (const stream of [program.stdout, program.stderr]) {
      stream.setEncoding('utf8').on('data', (piece) => {
        page.output += piece;
        page.#look();
      });
    }
    t.after(async () => {
      program.kill('SIGKILL');
      await page.ended;
      rmSync(folder, { recursive: true });
    });
    return page;
  }

  /** Waits until the program has printed something. */
  async prints(pattern) {
    await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${pattern} does not come:\n${this.output}`)), SOON);
      this.#look = () => {
        if (!pattern.test(this.output)) return;
        clearTimeout(late);
        resolve();
      };
      this.#look();
    });
  }
}

async function started(t, options) {
  const gateway = await LocalGateway.start(options);
  t.after(() => gateway.close());
  return gateway;
}

const UPDATE = { key: 'latest_follower', data: { name: 'brisk_heron' } };
const RESET = { session: { follower_count: 1042, latest_follower: { name: 'brisk_heron' } } };

for (const name of ['newer-node.cjs', 'newer-browser.js']) {
  test(`${name}: the Astro page of today`, async (t) => {
    const gateway = await started(t);
    const astro = gateway.astroUrl.replace(/\/$/, '');
    const page = await Page.start(t, name, { 'wss://astro.streamelements.com': astro, YOUR_CHANNEL_ID: DEFAULT_ROOM, YOUR_JWT_TOKEN: TOKEN });
    await page.prints(/Connected to StreamElements Astro\nWelcome received, client ID: \S+\nSuccess: \S+/);
    await gateway.publish('channel.activities', { type: 'follow' });
    await page.prints(new RegExp(`\\[channel\\.activities\\] in room ${DEFAULT_ROOM}: \\{ type: 'follow' \\}\nNew activity: follow`));
    const [first] = await gateway.waitForConnections(1);
    await gateway.reconnect({ grace_ms: 0 });
    await page.prints(/Server is shutting down, reconnecting\.\.\.\n[^]*Connection closed: 1001/);
    // The page's second socket may come after the first one's end.
    while ((await gateway.waitForConnections(1))[0].conn === first.conn);
    await gateway.fault('close', { code: 1000 });
    assert.equal(await page.ended, 0);
  });
}

for (const name of ['older-node.cjs', 'older-browser.js']) {
  test(`${name}: the Astro page as it was`, async (t) => {
    const gateway = await started(t, { options: { astro: { profile: 'legacy', extra_topics: ['channel.follow'] } } });
    const urls = { 'wss://astro.streamelements.com': gateway.astroUrl, channelId123: DEFAULT_ROOM, YOUR_JWT_TOKEN: TOKEN };
    const page = await Page.start(t, name, urls);
    await page.prints(/Connected to StreamElements Astro\n[^]*Received response: /);
    await gateway.publish('channel.follow', { name: 'quiet_otter' });
    await page.prints(/Received notification: [^]*New follower: \{ name: 'quiet_otter' \}/);
    await gateway.fault('close', { code: 1000, reason: 'over' });
    await page.prints(/Connection closed: 1000/);
    assert.equal(await page.ended, 0);
  });

  for (const [topic, data, expected] of [
    ['channel.session.update', UPDATE, /Latest follower updated: brisk_heron/],
    ['channel.session.reset', RESET, /Current follower count: 1042\nLatest follower: brisk_heron/],
  ]) {
    test(`${name}: ${topic}`, async (t) => {
      const gateway = await started(t, { options: { astro: { profile: 'legacy' } } });
      const page = await Page.start(t, name, {
        'wss://astro.streamelements.com': gateway.astroUrl,
        channelId123: DEFAULT_ROOM,
        YOUR_JWT_TOKEN: TOKEN,
        "topic: 'channel.follow'": `topic: '${topic}'`,
      });
      await page.prints(/Received response: /);
      await gateway.publish(topic, data);
      await page.prints(expected);
    });
  }
}

test("bitquery-node.cjs: Bitquery's page, with its subprotocol", async (t) => {
  const gateway = await started(t, { bitquery: true, options: { graphql: { token: TOKEN, token_place: 'query', ka_ms: 20 } } });
  const page = await Page.start(t, 'bitquery-node.cjs', { 'wss://streaming.bitquery.io/graphql': gateway.graphqlUrl, '}, 10000);': '}, 1000);' });
  await page.prints(/Connected to Bitquery\.\n[^]*Connection acknowledged by server\.\nSubscription message sent\./);
  await gateway.waitForSent((message) => message.type === 'start');
  await gateway.publishGraphQL('Tron', { Transfers: [{ Transfer: { Amount: '1.5' } }] });
  await page.prints(/Keep-alive message received\./);
  await page.prints(/Complete message sent for subscription termination\.\n[^]*Disconnected from Bitquery\./);
  assert.equal(await page.ended, 0);
  assert.match(page.output, /Received data from Bitquery: \{ Tron: /);
  assert.doesNotMatch(page.output, /Unhandled|Error/);
  assert.equal((await gateway.sent()).at(-1).type, 'complete');
});

const OPEN = '// Do things when the WebSocket connection is established';
const MESSAGE = '// Do things when messages are received.';
const PUBSUB = { node: ['client', 'msg.toString()'], browser: ['ws', 'event.data'] };

for (const [kind, [socket, data]] of Object.entries(PUBSUB)) {
  const extension = kind === 'node' ? 'cjs' : 'js';

  test(`pubsub-simple-${kind}.${extension}: the simple client of Web PubSub's page`, async (t) => {
    const gateway = await started(t);
    const { url } = await gateway.control('webpubsub/url', { hub: 'chat' });
    const page = await Page.start(t, `pubsub-simple-${kind}.${extension}`, {
      '<Client_URL_From_Portal>': url,
      [OPEN]: "console.log('open');",
      [MESSAGE]: `console.log('message', ${data});`,
    });
    await page.prints(/open\n/);
    await gateway.control('webpubsub/publish', { data: 'hello' });
    await page.prints(/message "?hello"?\n/);
  });

  test(`pubsub-subprotocol-${kind}.${extension}: the client of Web PubSub's page with a subprotocol`, async (t) => {
    const gateway = await started(t);
    const { url } = await gateway.control('webpubsub/url', { hub: 'chat', roles: ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'] });
    const page = await Page.start(t, `pubsub-subprotocol-${kind}.${extension}`, {
      '<Client_URL_From_Portal>': url,
      [OPEN]: `${socket}.send(JSON.stringify({ type: 'joinGroup', ackId: 1, group: 'lobby' }));`,
      [MESSAGE]: `console.log('message', ${data});`,
    });
    await page.prints(/"event":"connected"/);
    await page.prints(/"ackId":1,[^\n]*"success":true/);
    await gateway.control('webpubsub/publish', { group: 'lobby', data: { hello: 'world' } });
    await page.prints(/"group":"lobby"[^\n]*"hello":"world"/);
  });
}
