// What an overlay shows: everything that happens in a channel, and where something may be missing.
//
//     TOKEN=… ROOM=… node overlay.mjs
//
// `ASTRO_URL` is for a gateway of your own.

import { Astro } from 'topicwire';

const { ASTRO_URL, ROOM, TOKEN } = process.env;

const astro = new Astro({ token: TOKEN, ...(ASTRO_URL && { url: ASTRO_URL }) });
await astro.connect();
await Promise.all(['channel.activities', 'channel.tips'].map((topic) => astro.subscribe(topic, { room: ROOM })));

for await (const event of astro) {
  switch (event.kind) {
    case 'message':
      if (event.topic === 'channel.tips') console.log(`${event.data.donation.user.username}: ${event.data.donation.amount}`);
      else console.log(`${event.data.type}: ${event.data.data.username}`);
      break;
    case 'gap':
      console.log(`something may be missing in ${event.subscriptions.length} subscriptions`);
      break;
    case 'lagged':
      console.log(`${event.count} messages were dropped: this program is too slow`);
      break;
    case 'state':
      console.log(`· ${event.to}`);
      break;
    default: // further kinds of events
  }
}
