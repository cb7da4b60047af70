// A user's program, for `tsc --strict`: it is compiled and never run.

import { Astro, GraphQL, Raw, WebPubSub } from 'topicwire';
import { DEFAULT_ROOM, LocalGateway, LocalGatewayError, type Connection, type Entry } from 'topicwire/testing';

export async function program(signal: AbortSignal): Promise<number> {
  await using gateway = await LocalGateway.start({ options: { astro: { profile: 'legacy' } }, seed: 7, signal });
  const { receivers } = await gateway.publish('channel.tips', { amount: 5 }, { room: DEFAULT_ROOM });
  const connections: Connection[] = await gateway.waitForConnections(0, { dialect: 'astro', timeout: 100 });
  const entries: readonly Entry[] = await gateway.transcript();
  // @ts-expect-error - a count is a number
  await gateway.waitForConnections('1');
  // @ts-expect-error - it is made by `start`
  new LocalGateway();
  // @ts-expect-error - there is no such option
  await LocalGateway.start({ prot: 1 });
  try {
    return receivers + connections.length + entries.length + (await gateway.fault('cut', { how: 'reset' }));
  } catch (error) {
    if (error instanceof LocalGatewayError) throw new Error(error.message);
    throw error;
  }
}

export function options(): void {
  void new Astro({ token: async () => ({ value: 'jwt', validForMs: 60_000 }), tipsOnce: true, reconnect: { jitter: 'full', maxAttempts: null } });
  void new GraphQL('wss://example.org/graphql', { protocol: 'modern', auth: 'query', retryCloses: [4500], queue: { sendHigh: 1 << 20 } });
  void new Raw('wss://example.org/', { subprotocols: ['chat'], connection: { headers: [['X-Key', 'value']], caFiles: ['ca.pem'] } });
  // @ts-expect-error - there is no such option
  void new Astro({ tokensOnce: true });
  // @ts-expect-error - nor this one, within another
  void new Astro({ reconnect: { initial: 5 } });
  // @ts-expect-error - times are numbers of milliseconds
  void new GraphQL('wss://example.org/graphql', { ackTimeoutMs: '10s' });
  // @ts-expect-error - not a protocol
  void new GraphQL('wss://example.org/graphql', { protocol: 'ancient' });
}

export async function events(astro: Astro): Promise<string> {
  for await (const batch of astro.batches({ kinds: ['message'], overflow: 'block' })) if (batch.length > 256) return 'never';
  for await (const event of astro) {
    switch (event.kind) {
      case 'message':
        return event.topic ?? event.text;
      case 'gap':
        return event.since.toISOString();
      // @ts-expect-error - the end of a client ends the loop
      case 'closed':
        break;
      default:
    }
  }
  await astro.subscribe('channel.tips', { room: 'r' });
  await astro.subscribe('a.topic.of.tomorrow');
  // @ts-expect-error - a topic is a string
  await astro.subscribe(7);
  return '';
}

export async function groups(signal: AbortSignal): Promise<string> {
  const hub = new WebPubSub(async ({ reason }) => `wss://example.org/?${reason}`, { protocol: 'reliable_protobuf', ackMessages: 10 });
  hub.on('connected', (opened) => opened.greeting).on('group-message', (message) => message.room);
  hub.on('disconnected', (state) => state.cause?.gatewayCode).on('stopped', (closed) => closed.received?.code);
  hub.on('group_state', (message) => message.room).once('stream', (message) => message.data);
  // @ts-expect-error - there is no such event
  hub.on('conected', () => {});
  await using stream = await hub.startStream('captions', { noEcho: true, signal });
  await stream.send('Hel');
  const sent = await hub.sendToGroup('lobby', { hello: 'world' }, 'json', { noEcho: true, signal });
  // @ts-expect-error - it is null when it was fired and forgotten
  void sent.ackId;
  // @ts-expect-error - there is no such type of data
  await hub.sendToGroup('lobby', 'text', 'xml');
  // @ts-expect-error - there is no such protocol
  void new WebPubSub('wss://example.org/', { protocol: 'smoke' });
  return (await hub.invoke('ask', 'text')).dataType;
}
