// Two GraphQL servers with one face: the reference implementations, and our gateway. What holds for the first must hold for the second.
import process from 'node:process';
import { startGateway } from './gateway.mjs';
import { here, startServer } from './process.mjs';

/** `{ ka_ms: 50, ack_payload: true }` → `['--ka-ms', '50', '--ack-payload']` */
const flags = (options) => Object.entries(options).flatMap(([name, value]) => {
  const flag = `--${name.replaceAll('_', '-')}`;
  return value === true ? [flag] : [flag, String(value)];
});

async function startReference(options) {
  const server = await startServer(process.execPath, [here('graphql-server/server.mjs'), '--exit-on-stdin-close', ...flags(options)]);
  const { url, port } = server.said;
  const control = async (path, method = 'POST', body = undefined) => {
    const response = await fetch(`http://127.0.0.1:${port}/control/${path}`, { method, body });
    return response.json();
  };
  return {
    url,
    close: (code, reason = '') => control(`close?code=${code}&reason=${encodeURIComponent(reason)}`),
    cut: () => control('drop'),
    mute: () => control('mute'),
    send: (text) => control('send', 'POST', text),
    shutdown: () => control('shutdown'),
    running: async () => (await control('stats', 'GET')).activeSubscriptions,
    sockets: async () => (await control('stats', 'GET')).sockets.length,
    stop: server.stop,
  };
}

async function startOurs({ token, auth, ack_payload: ackPayload, ...options }) {
  const gateway = await startGateway({
    graphql: {
      ...options,
      ...(token && { token, token_place: auth ?? 'payload' }),
      ...(ackPayload && { ack_payload: { server: 'test', protocol: 'graphql-transport-ws' } }),
    },
  });
  return {
    url: gateway.graphql,
    close: (code, reason = '') => gateway.fault('close', { code, reason }),
    cut: () => gateway.fault('cut', { how: 'reset' }),
    mute: () => gateway.fault('mute'),
    send: (text) => gateway.fault('send_text', { text }),
    shutdown: () => gateway.post('shutdown', { grace_ms: 0 }),
    running: async () => (await gateway.connections()).flatMap((connection) => connection.state?.operations ?? []).length,
    sockets: async () => (await gateway.connections()).length,
    stop: gateway.stop,
  };
}

export const targets = [
  { name: 'reference server', start: startReference },
  { name: 'gateway', start: startOurs },
];

/** Runs `body` with a server that is gone afterwards. */
export async function withTarget(target, options, body) {
  const server = await target.start(options);
  try {
    await body(server);
  } finally {
    await server.stop();
  }
}
