// A WebSocket server on npm `ws` for tests of the raw client; `server.py` offers the same paths on Python's `websockets`. See README.md.
import http from 'node:http';
import { parseArgs } from 'node:util';
import { WebSocketServer } from 'ws';

const PROTOCOLS = ['chat.v2', 'chat.v1']; // in order of preference
const held = new Set(); // sockets that are not read until /control/resume is asked for

const BEHAVIOURS = {
  '/echo': (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),

  '/inspect': (socket, query, request) => socket.send(JSON.stringify({ path: request.url, headers: request.headers, subprotocol: socket.protocol })),

  '/fragments': (socket, query) => socket.on('message', (data, isBinary) => {
    const size = Number(query.get('size') ?? 3);
    for (let at = 0; at < data.length; at += size) {
      if (at > 0) socket.ping(String(at));
      socket.send(data.subarray(at, at + size), { binary: isBinary, fin: at + size >= data.length });
    }
  }),

  '/close': (socket, query) => socket.on('message', () => {
    const code = query.get('code');
    if (code === null) socket.close();
    else socket.close(Number(code), query.get('reason') ?? '');
  }),

  '/drop': (socket) => socket.on('message', () => socket.terminate()),

  '/ping': (socket, query) => {
    socket.on('pong', (data) => socket.send(String(data)));
    socket.ping(query.get('data') ?? '');
  },

  '/burst': (socket, query) => {
    const filler = 'x'.repeat(Number(query.get('bytes') ?? 0));
    for (let seq = 1; seq <= Number(query.get('n') ?? 1); seq += 1) socket.send(JSON.stringify({ seq, filler }));
    socket.close(1000, 'done');
  },

  '/hold': (socket, query, request) => {
    let bytes = 0;
    socket.on('message', (data) => {
      bytes += data.length;
      socket.send(String(bytes));
    });
    request.socket.pause();
    held.add(request.socket);
    socket.once('close', () => held.delete(request.socket));
  },

  '/mute': (socket, query, request) => request.socket.pause(),
};

const { values: options } = parseArgs({ options: { port: { type: 'string', default: '0' }, deflate: { type: 'boolean', default: false } } });
const sockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: options.deflate,
  maxPayload: 64 << 20,
  handleProtocols: (offered) => PROTOCOLS.find((known) => offered.has(known)) ?? false,
});

const server = http.createServer((request, response) => {
  const resume = request.url === '/control/resume';
  if (resume) for (const socket of held) socket.resume();
  response.writeHead(resume ? 200 : 404).end();
});

server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => {}); // a client that goes away is no news
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  if (pathname === '/refuse') {
    socket.end(`HTTP/1.1 ${searchParams.get('status') ?? 503} No\r\nRetry-After: 2\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy`);
    return;
  }
  const behave = BEHAVIOURS[pathname] ?? BEHAVIOURS['/echo'];
  sockets.handleUpgrade(request, socket, head, (opened) => {
    opened.on('error', () => {});
    behave(opened, searchParams, request);
  });
});

process.stdin.on('end', () => process.exit(0)).resume();
server.listen(Number(options.port), '127.0.0.1', () => {
  const { port } = server.address();
  console.log(JSON.stringify({ event: 'listening', port, pid: process.pid, url: `ws://127.0.0.1:${port}` }));
});
