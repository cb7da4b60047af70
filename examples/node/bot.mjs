// A bot with handlers, a token that is read when it is needed, and a clean end.
//
//     TOKEN_FILE=… ROOM=… node bot.mjs
//
// `ASTRO_URL` is for a gateway of your own. Ctrl-C ends it.

import { readFile } from 'node:fs/promises';

import { Astro } from 'topicwire';

const { ASTRO_URL, ROOM, TOKEN_FILE } = process.env;

const astro = new Astro({
  // Asked at first, for each new connection, and when the gateway has refused the last one.
  token: async () => (await readFile(TOKEN_FILE, 'utf8')).trim(),
  tokenType: 'oauth2',
  tipsOnce: true,
  ...(ASTRO_URL && { url: ASTRO_URL }),
});

astro.on('channel.tips', ({ data: { donation } }) => {
  console.log(`${donation.user.username} gave ${donation.amount} ${donation.currency}`);
});
astro.on('fault', ({ error }) => console.log(error.message));
process.once('SIGINT', async () => {
  await astro.close();
  console.log('bye');
});

await astro.connect();
await astro.subscribe('channel.tips', { room: ROOM });
console.log('listening');
