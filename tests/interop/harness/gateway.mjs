// The local gateway as a child process, with its control API.
import { here, startServer } from './process.mjs';

/** `cargo xtask test` says where the program is; by hand it is where `cargo build` puts it. */
const program = process.env.TOPICWIRE_PROGRAM ?? here('../../target/debug/topicwire');

/** Starts a gateway; `options` is what `POST /control/options` takes. */
export async function startGateway(options = {}) {
  const server = await startServer(program, ['gateway', '--port', '0', '--control-stdio']);
  const request = async (path, init) => {
    const response = await fetch(`${server.said.control}/${path}`, init);
    const body = await response.json();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`);
    return body;
  };
  const post = (path, body = {}) => request(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  await post('options', options);
  return {
    ...server.said,
    stop: server.stop,
    post,
    fault: (fault, more = {}) => post('faults', { fault, ...more }),
    publish: (topic, room, data) => post('astro/publish', { topic, room, data }),
    connections: async () => (await request('connections')).connections,
    transcript: async () => (await request('transcript')).entries,
  };
}
