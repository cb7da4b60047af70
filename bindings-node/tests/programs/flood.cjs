'use strict';
// A server that sends the same message as fast as whoever connects takes it. Prints its address, and ends with its standard input.

const { createHash } = require('node:crypto');
const { createServer } = require('node:http');

const TEXT = Buffer.from(JSON.stringify({ type: 'follow', user: 'quiet_otter', note: 'an event like any other, of some two hundred bytes: '.repeat(3) }));
// Final text frame with a length of two bytes, unmasked.
const FRAME = Buffer.concat([Buffer.from([0x81, 126, TEXT.length >> 8, TEXT.length & 0xff]), TEXT]);
const FRAMES = Buffer.concat(Array.from({ length: 256 }, () => FRAME));

const server = createServer();
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  const pour = () => {
    while (!socket.destroyed && socket.write(FRAMES));
  };
  socket.on('drain', pour).on('error', () => {}).resume();
  pour();
});
server.listen(0, '127.0.0.1', () => console.log(`ws://127.0.0.1:${server.address().port}/`));
process.stdin.on('end', () => process.exit(0)).resume();
