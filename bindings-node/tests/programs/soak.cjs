'use strict';
// Takes messages from a flood: `node --expose-gc soak.cjs WAY URL EVENTS`. Prints by how many bytes the process has grown after a quarter of them.

const { Raw } = require('topicwire');
const WebSocket = require('topicwire/ws');

const [way, url, count] = process.argv.slice(2);
const events = Number(count);
let seen = 0;
let first = 0;
const kept = [];

function resident() {
  // Finalizers run between two collections.
  for (let n = 0; n < 3; n += 1) globalThis.gc();
  return process.memoryUsage.rss();
}

/** Touches all of a message. True at the last. */
function enough(message) {
  void [message.data, message.raw, message.text, message.typed, message.topic, message.id, message.subscriptions];
  return counted(message);
}

function counted(message) {
  seen += 1;
  // Somebody who keeps a few of many.
  if (seen % 1000 === 0 && kept.push(message) > 50) kept.shift();
  if (seen === events >> 2) first = resident();
  if (seen !== events) return false;
  console.log(resident() - first);
  process.exit(0);
}

const WAYS = {
  async loop() {
    const socket = new Raw(url);
    await socket.connect();
    for await (const event of socket) if (event.kind === 'message') enough(event);
  },
  async batches() {
    const socket = new Raw(url);
    const batches = socket.batches({ kinds: ['message'], overflow: 'block' });
    await socket.connect();
    for await (const batch of batches) batch.forEach(enough);
  },
  async handler() {
    const socket = new Raw(url);
    socket.on('message', enough);
    await socket.connect();
  },
  async websocket() {
    new WebSocket(url).on('message', (data) => counted(JSON.parse(data)));
  },
};

void WAYS[way]();
