// Hears reliable group messages of Azure Web PubSub and prints what it cost: `webpubsub_client.mjs PEER PORT SIZE EVENTS`.
// Peers are `official` and `topicwire`, which touch the data of each, `topicwire-batches`, which does so in batches, and `topicwire-lazy`, which reads the group. TOPICWIRE_PACKAGE is the folder of the package.

import { createRequire } from 'node:module';
import process from 'node:process';

const require = createRequire(import.meta.url);
const [peer, port, size, count] = process.argv.slice(2);
const url = `ws://127.0.0.1:${port}/client/hubs/${size}?access_token=t`;
const events = Number(count);

let seen = 0;
let begun;
let used;

function heard() {
  if (begun === undefined) [begun, used] = [process.hrtime.bigint(), process.cpuUsage()];
  else if ((seen += 1) === events) {
    const { user, system } = process.cpuUsage(used);
    console.log(JSON.stringify({ events, seconds: Number(process.hrtime.bigint() - begun) / 1e9, cpu: (user + system) / 1e6 }));
    process.exit(0);
  }
}

function parsed(data) {
  if (typeof data !== 'object') throw new Error('it is not decoded');
  heard();
}

if (peer.startsWith('topicwire')) {
  const { WebPubSub } = require(process.env.TOPICWIRE_PACKAGE);
  const hub = new WebPubSub(url);
  const wanted = { kinds: ['message'], overflow: 'block' };
  const messages = peer === 'topicwire-batches' ? hub.batches(wanted) : hub.stream(wanted);
  hub.on('none', () => {}); // no loop reads the main stream
  await hub.connect();
  await hub.joinGroup('lobby');
  if (peer === 'topicwire-batches') for await (const batch of messages) for (const { data } of batch) parsed(data);
  else if (peer === 'topicwire-lazy') for await (const { room } of messages) room === 'lobby' && heard();
  else for await (const { data } of messages) parsed(data);
} else {
  const { WebPubSubClient, WebPubSubJsonReliableProtocol } = require('@azure/web-pubsub-client');
  const client = new WebPubSubClient(url, { protocol: WebPubSubJsonReliableProtocol() });
  client.on('group-message', ({ message }) => parsed(message.data));
  await client.start();
  await client.joinGroup('lobby');
}
