// One client under load, which prints what it cost: `load_client.mjs PEER PORT SHAPE SIZE EVENTS`.
//
// Peers are `topicwire-HOW` and `ws-HOW`, where HOW says what is done with each event: `parsed` (all of it), `lazy` (the topic is read, where that is
// possible without the rest), `batches` and `batches-lazy` (the same, in batches), `filtered` (nobody wants it); and `sparse` and `echo`.
// TOPICWIRE_PACKAGE is the folder of the package.

import { once } from 'node:events';
import { createRequire } from 'node:module';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';

const TOPIC = 'channel.activities';
const ROOM = '64f0a1b2c3d4e5f607182930';
const SUBSCRIBE = JSON.stringify({ type: 'subscribe', nonce: '1', data: { topic: TOPIC, room: ROOM, token: 't', token_type: 'jwt' } });
const CONNECTIONS = 200;

const require = createRequire(import.meta.url);
const topicwire = () => require(process.env.TOPICWIRE_PACKAGE);

/** Time and processor time from here on, of all threads. */
class Meter {
  #wall = process.hrtime.bigint();
  #cpu = process.cpuUsage();

  report(events) {
    const { user, system } = process.cpuUsage(this.#cpu);
    const seconds = Number(process.hrtime.bigint() - this.#wall) / 1e9;
    console.log(JSON.stringify({ events, seconds, cpu: (user + system) / 1e6 }));
    process.exit(0);
  }
}

/** Counts events from the second on, and reports at the last. */
function counter(events) {
  let meter;
  let count = 0;
  return () => {
    if (meter === undefined) meter = new Meter();
    else if ((count += 1) === events) meter.report(count);
  };
}

// A queue that blocks, so that nothing is dropped however fast the server is.
const WANTED = { kinds: ['message'], overflow: 'block' };
const TOPICWIRE = {
  async parsed(astro, seen) {
    for await (const event of astro.stream(WANTED)) void (event.data.type, seen());
  },
  async lazy(astro, seen) {
    for await (const event of astro.stream(WANTED)) void (event.topic, seen());
  },
  async batches(astro, seen) {
    for await (const batch of astro.batches(WANTED)) for (const event of batch) void (event.data.type, seen());
  },
  async 'batches-lazy'(astro, seen) {
    for await (const batch of astro.batches(WANTED)) for (const event of batch) void (event.topic, seen());
  },
  /** Nobody wants what comes; the core drops it. */
  async filtered(astro, _, events) {
    while (astro.stats.messages === 0) await pause(1);
    const [first, meter] = [astro.stats.messages, new Meter()];
    while (astro.stats.messages - first < events) await pause(5);
    meter.report(astro.stats.messages - first);
  },
};

async function topicwireFlood(url, events, how) {
  const astro = new (topicwire().Astro)({ token: 't', url, idleTimeoutMs: 0 });
  // A program with handlers: messages that none of them wants, and no loop, are left out by the core.
  astro.on('channel.tips', () => {});
  await astro.connect();
  void TOPICWIRE[how](astro, counter(events), events);
  await astro.subscribe(TOPIC, { room: ROOM });
}

function wsFlood(url, events) {
  const socket = new (require('ws'))(url, { perMessageDeflate: false });
  const seen = counter(events);
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    if (message.type === 'welcome') socket.send(SUBSCRIBE);
    else if (message.type === 'message') void (message.data.type, seen());
  });
}

async function topicwireSparse(url, events) {
  const { Astro } = topicwire();
  let seen = () => {};
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const astro = new Astro({ token: 't', url, idleTimeoutMs: 0 });
      astro.on(TOPIC, (event) => void (event.data.type, seen()));
      await astro.connect();
      await astro.subscribe(TOPIC, { room: ROOM });
    }),
  );
  await pause(500);
  seen = counter(events);
}

async function wsSparse(url, events) {
  let seen = () => {};
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = new (require('ws'))(url, { perMessageDeflate: false });
      socket.on('message', (data) => {
        const message = JSON.parse(data);
        if (message.type === 'welcome') socket.send(SUBSCRIBE);
        else if (message.type === 'message') void (message.data.type, seen());
      });
      await once(socket, 'open');
    }),
  );
  await pause(500);
  seen = counter(events);
}

/** Times of a text there and back, in µs. */
function echo(socket, trips) {
  const text = 'x'.repeat(200);
  const times = [];
  let begun;
  const send = () => {
    begun = process.hrtime.bigint();
    socket.send(text);
  };
  socket.on('open', send);
  socket.on('message', () => {
    times.push(Number(process.hrtime.bigint() - begun) / 1e3);
    if (times.length < trips) return void send();
    times.sort((one, other) => one - other);
    console.log(JSON.stringify({ p50_us: times[times.length >> 1] }));
    process.exit(0);
  });
}

async function topicwireEcho(url, trips) {
  const socket = new (topicwire().Raw)(url);
  await socket.connect();
  const events = socket[Symbol.asyncIterator]();
  const text = 'x'.repeat(200);
  const times = [];
  for (let trip = 0; trip < trips; trip += 1) {
    const begun = process.hrtime.bigint();
    await socket.send(text);
    while ((await events.next()).value.kind !== 'message');
    times.push(Number(process.hrtime.bigint() - begun) / 1e3);
  }
  times.sort((one, other) => one - other);
  console.log(JSON.stringify({ p50_us: times[times.length >> 1] }));
  process.exit(0);
}

const [peer, port, shape, size, count] = process.argv.slice(2);
const [, name, how] = /^([^-]+)-(.+)$/.exec(peer);
const base = `ws://127.0.0.1:${port}`;
const events = Number(count);
switch (how) {
  case 'echo':
    if (name === 'topicwire') await topicwireEcho(`${base}/echo`, events);
    else if (name === 'topicwire.ws') echo(new (require(`${process.env.TOPICWIRE_PACKAGE}/lib/ws`))(`${base}/echo`), events);
    else echo(new (require('ws'))(`${base}/echo`, { perMessageDeflate: false }), events);
    break;
  case 'sparse':
    await (name === 'topicwire' ? topicwireSparse : wsSparse)(`${base}/sparse/${shape}/${size}`, events);
    break;
  default:
    await (name === 'topicwire' ? topicwireFlood : wsFlood)(`${base}/flood/${shape}/${size}`, events, how);
}
