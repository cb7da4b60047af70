// The programs of the README and of docs/node.md run as they stand there, and print what stands below them.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { LocalGateway, LocalGatewayError } from 'topicwire/testing';

// Beside this folder in the project that has installed the packages.
const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const PROGRAM = /^```js\n([^]*?)^```$(?:(?:(?!^```)[^])*?^```text\n([^]*?)^```$)?/gm;
const TIP = { _id: 't1', approved: 'allowed', status: 'success', donation: { user: { username: 'quiet_otter' }, amount: 5, currency: 'EUR' } };
const FOLLOW = { type: 'follow', provider: 'twitch', data: { username: 'quiet_otter' } };

/** What somebody else publishes, as soon as the program listens. */
async function publish(gateway, program) {
  while (program.exitCode === null && program.signalCode === null) {
    const topics = (await gateway.connections('astro')).flatMap((one) => one.state.subscriptions.map(({ topic }) => topic));
    if (topics.includes('channel.tips')) return void (await gateway.publish('channel.tips', TIP));
    if (topics.includes('channel.activities')) return void (await gateway.publish('channel.activities', FOLLOW));
    await pause(10);
  }
  return undefined;
}

for (const page of ['README.md', 'node.md']) {
  const programs = [...readFileSync(`${PROJECT}pages/${page}`, 'utf8').matchAll(PROGRAM)];
  test(`${page} has programs, and says what they print`, () => {
    assert.ok(programs.length > 0);
    assert.ok(programs.every(([, , printed]) => printed));
  });
  for (const [number, [, text, printed]] of programs.entries()) {
    test(`program ${number + 1} of ${page} prints what the page says`, async (t) => {
      const gateway = await LocalGateway.start();
      const file = `${PROJECT}${page}-${number}.mjs`;
      writeFileSync(file, text.replaceAll('127.0.0.1:8080', `127.0.0.1:${gateway.port}`));
      const program = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(program, 'exit');
      t.after(async () => {
        program.kill('SIGKILL');
        await ended;
        await gateway.close();
        rmSync(file);
      });
      const publishing = publish(gateway, program).catch((error) => assert.ok(error instanceof LocalGatewayError, error));
      const lines = createInterface(program.stdout)[Symbol.asyncIterator]();
      for (const wanted of printed.trimEnd().split('\n')) assert.equal((await lines.next()).value, wanted);
      // One that ends by itself ends well.
      if (text.includes('.close()')) assert.deepEqual(await ended, [0, null]);
      else program.kill('SIGKILL');
      await publishing;
    });
  }
}
