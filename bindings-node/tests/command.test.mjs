// `npx topicwire …`: the executable of the platform package, as if it had been started itself.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

const file = createRequire(import.meta.url).resolve('topicwire/package.json');
const installed = path.dirname(file);
const { version } = JSON.parse(readFileSync(file, 'utf8'));

function run(bin, ...arguments_) {
  return spawnSync(process.execPath, [bin, ...arguments_], { encoding: 'utf8', timeout: 60_000 });
}

test('npx finds the command, which is of the package\'s version', () => {
  const done = spawnSync('npx', ['--no-install', 'topicwire', '--version'], { encoding: 'utf8', timeout: 60_000, shell: process.platform === 'win32' });
  assert.equal(done.stdout.trim(), `topicwire ${version}`, done.stderr);
});

test('its exit status is the program\'s', () => {
  const wrong = run(path.join(installed, 'bin/topicwire.js'), 'listen', '--nonsense');
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /nonsense/);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  test(`${signal} reaches the program, which ends before the command does`, async () => {
    const command = spawn(process.execPath, [path.join(installed, 'bin/topicwire.js'), 'gateway', '--control-stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = await once(createInterface(command.stdout), 'line');
    const { pid } = JSON.parse(line);
    command.kill(signal);
    const [code, by] = await once(command, 'exit');
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    // The gateway ends by itself on Ctrl-C; of the others it dies, and the command with it.
    assert.deepEqual([code, by], signal === 'SIGINT' ? [0, null] : [null, signal]);
  });
}

/** The package without its platform package, or with another one. */
function alone(t, other) {
  const place = mkdtempSync(path.join(tmpdir(), 'topicwire-'));
  t.after(() => rmSync(place, { recursive: true }));
  const copy = path.join(place, 'node_modules/topicwire');
  mkdirSync(copy, { recursive: true });
  for (const part of ['bin', 'lib', 'package.json']) cpSync(path.join(installed, part), path.join(copy, part), { recursive: true });
  const { triple } = createRequire(import.meta.url)(path.join(copy, 'lib/platform.js'));
  if (other) {
    const platform = path.join(place, 'node_modules/@topicwire', triple());
    mkdirSync(platform, { recursive: true });
    writeFileSync(path.join(platform, 'package.json'), JSON.stringify({ name: `@topicwire/${triple()}`, version: other }));
  }
  return { bin: path.join(copy, 'bin/topicwire.js'), triple: triple() };
}

test('a missing platform package is one error that names the platform and the causes', (t) => {
  const { bin, triple } = alone(t);
  const done = run(bin, '--version');
  assert.equal(done.status, 2);
  assert.match(done.stderr, new RegExp(`no native part for ${triple}: the package @topicwire/${triple} ${version} is not installed`));
  assert.match(done.stderr, /--no-optional.*copied/);
});

test('a platform package of another version is refused', (t) => {
  const { bin, triple } = alone(t, '0.0.9');
  const done = run(bin, '--version');
  assert.equal(done.status, 2);
  assert.match(done.stderr, new RegExp(`topicwire ${version} needs @topicwire/${triple} of the same version, and 0.0.9 is installed`));
});
