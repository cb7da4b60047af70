// A user's program, for `tsc --strict`: it is compiled and never run.

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
