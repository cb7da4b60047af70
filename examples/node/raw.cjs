// Any WebSocket server, from CommonJS: send, and print what comes back.
//
//     RAW_URL=ws://127.0.0.1:8080/raw node raw.cjs

'use strict';

const { Raw } = require('topicwire');

async function main() {
  const socket = new Raw(process.env.RAW_URL ?? 'ws://127.0.0.1:8080/raw');
  await socket.connect();
  await socket.send('hello');
  await socket.send(Buffer.from([0, 255]));
  let left = 2;
  for await (const event of socket) {
    if (event.kind !== 'message') continue;
    console.log(event.payloadKind, event.data);
    left -= 1;
    if (left === 0) break;
  }
  await socket.close();
}

main();
