// How processes and workers end with clients that are busy, and what keeps them alive.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { LocalGateway } from 'topicwire/testing';

const EXITS = 50;
const WORKERS = 200;
// So many at once as keep a small machine busy.
const AT_ONCE = 4;

/** @type {LocalGateway} */
let gateway;
let busy = true;
let publishing;

before(async () => {
  gateway = await LocalGateway.start();
  publishing = (async () => {
    while (busy) await gateway.publish('channel.tips', { text: 'x'.repeat(300) });
  })();
});
after(async () => {
  busy = false;
  await publishing;
  await gateway.close();
});

function run(program, ...given) {
  const file = fileURLToPath(new URL(`programs/${program}.cjs`, import.meta.url));
  return spawn(process.execPath, [file, ...given], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function end(child) {
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  const [code, signal] = await once(child, 'close');
  return { code, signal, said };
}

/** Does something many times, a few at once. */
async function times(count, act) {
  let left = count;
  const hand = async () => {
    while (left > 0) {
      left -= 1;
      await act();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, hand));
}

test(`process.exit with a busy client ends well, ${EXITS} times of ${EXITS}`, async () => {
  await times(EXITS, async () => {
    const child = run('busy', gateway.astroUrl, 'exit');
    child.stdout.resume();
    assert.deepEqual(await end(child), { code: 0, signal: null, said: '' });
  });
});

test(`a worker with a busy client is terminated ${WORKERS} times, in a process that never loaded the addon`, async () => {
  const packages = [createRequire(import.meta.url).resolve('topicwire'), gateway.astroUrl];
  const program = `
    const { parentPort, workerData: [path, url] } = require('node:worker_threads');
    const { Astro } = require(path);
    (async () => {
      const astro = new Astro({ token: 'jwt', url });
      await astro.connect();
      await astro.subscribe('channel.tips', { room: '64f0a1b2c3d4e5f607182930' });
      let messages = 0;
      for await (const event of astro) {
        if (event.kind === 'message' && (messages += 1) === 5) parentPort.postMessage('busy');
      }
    })();
  `;
  await times(WORKERS, async () => {
    const worker = new Worker(program, { eval: true, workerData: packages });
    assert.deepEqual(await once(worker, 'message'), ['busy']);
    await worker.terminate();
  });
  await gateway.waitForConnections(0);
});

test('a process ends when its clients are closed, and when it has let go of them', async () => {
  for (const what of ['closed', 'unref']) {
    const child = run('life', gateway.astroUrl, what);
    child.stdout.resume();
    assert.deepEqual(await end(child), { code: 0, signal: null, said: '' });
  }
});

test('an open client keeps its process alive', async () => {
  const child = run('life', gateway.astroUrl, 'open');
  const ended = end(child);
  await once(createInterface(child.stdout), 'line');
  // What would end it has had its turn once the gateway has been asked a few things.
  for (let asked = 0; asked < 20; asked += 1) await gateway.connections();
  assert.equal(child.exitCode, null);
  child.kill();
  assert.equal((await ended).signal, 'SIGTERM');
});

test('a handler that throws is reported as any error is, and the messages that follow are not lost', async () => {
  const own = await LocalGateway.start();
  const child = run('thrower', own.astroUrl);
  const ended = end(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, 'ready');
  for (let number = 0; number < 4; number += 1) await own.publish('channel.tips', { number });
  assert.deepEqual(JSON.parse((await lines.next()).value), ['thrown by a handler', 1, 2, 3]);
  assert.equal((await ended).code, 0);
  await own.close();
});
