// Joins a group of an Azure Web PubSub hub, says something, and prints what comes. Run it twice and watch the two talk.
//
//     HUB='the client access URL that `topicwire gateway` prints, or the portal' node webpubsub.mjs

import { WebPubSub } from 'topicwire';

const hub = new WebPubSub(process.env.HUB);
await hub.connect();
await hub.joinGroup('lobby');
await hub.sendToGroup('lobby', 'good morning');
for await (const event of hub) {
  if (event.kind === 'message') console.log(`${event.room ?? event.topic}:`, event.data);
  else if (event.kind === 'opened' && event.resumed) console.log('the session goes on where it was');
  else if (event.kind === 'gap') console.log('messages may be missing since', event.since);
}
