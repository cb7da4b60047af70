'use strict';
// A handler throws at the first message; the program hears of it as any Node.js program does, and of the messages that follow.

const { Astro } = require('topicwire');
const { DEFAULT_ROOM } = require('topicwire/testing');

async function main([url]) {
  const astro = new Astro({ token: 'jwt', url });
  const seen = [];
  process.on('uncaughtException', (error) => seen.push(error.message));
  await astro.connect();
  await astro.subscribe('channel.tips', { room: DEFAULT_ROOM });
  astro.on('channel.tips', (message) => {
    if (message.data.number === 0) throw new Error('thrown by a handler');
    seen.push(message.data.number);
    if (message.data.number < 3) return;
    process.stdout.write(`${JSON.stringify(seen)}\n`);
    void astro.close();
  });
  process.stdout.write('ready\n');
}

void main(process.argv.slice(2));
