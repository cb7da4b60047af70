// Memory stays flat under a flood, however its messages are read.
//
// 300,000 messages a reader, so that the run stays short; `TOPICWIRE_SOAK=5000000` makes it the five million that the package is held to before a
// release.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const EVENTS = process.env.TOPICWIRE_SOAK ?? '300000';
/** What the heap takes and gives back between two looks at it. A hundred bytes an event would be 22 MiB of the short run. */
const LEEWAY = 12 << 20;

const program = (name) => fileURLToPath(new URL(`programs/${name}.cjs`, import.meta.url));

let flood;
let url;

before(async () => {
  flood = spawn(process.execPath, [program('flood')], { stdio: ['pipe', 'pipe', 'inherit'] });
  [url] = await once(createInterface(flood.stdout), 'line');
});
after(async () => {
  flood.stdin.end();
  await once(flood, 'close');
});

for (const way of ['loop', 'batches', 'handler', 'websocket']) {
  test(`${way}: memory is flat over ${EVENTS} messages`, async (t) => {
    // A young heap that has its size from the start, so that what is measured is what stays.
    const child = spawn(process.execPath, ['--expose-gc', '--min-semi-space-size=16', program('soak'), way, url, EVENTS], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    const [grown] = await once(createInterface(child.stdout), 'line');
    assert.ok(Number(grown) < LEEWAY, `${grown} bytes more`);
  });
}
