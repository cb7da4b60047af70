'use strict';
// Listens to a busy topic. `busy.cjs URL exit` ends the process in the middle of it; `… wait` goes on for ever.

const { Astro } = require('topicwire');
const { DEFAULT_ROOM } = require('topicwire/testing');

async function main([url, then]) {
  const astro = new Astro({ token: 'jwt', url });
  await astro.connect();
  await astro.subscribe('channel.tips', { room: DEFAULT_ROOM });
  let messages = 0;
  for await (const event of astro) {
    if (event.kind !== 'message') continue;
    messages += 1;
    if (messages === 20 && then === 'exit') process.exit(0);
  }
}

void main(process.argv.slice(2));
