'use strict';

/**
 * Packs what npm installs: the main package and this machine's platform package, in one exact version.
 *
 *     node pack.js FOLDER
 *
 * The main package names the platform packages that were packed with it as optional dependencies. A release packs them on each
 * platform and names them all.
 */

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { build } = require('./build.js');

function pack(destination) {
  const platform = build();
  fs.rmSync(destination, { recursive: true, force: true });
  fs.mkdirSync(destination, { recursive: true });
  const staging = fs.mkdtempSync(path.join(os.tmpdir(), 'topicwire-'));
  try {
    for (const part of ['bin', 'lib']) fs.cpSync(path.join(__dirname, part), path.join(staging, part), { recursive: true });
    const { scripts: _, ...main } = read(path.join(__dirname, 'package.json'));
    const { name, version } = read(path.join(platform, 'package.json'));
    fs.writeFileSync(path.join(staging, 'package.json'), `${JSON.stringify({ ...main, optionalDependencies: { [name]: version } }, null, 2)}\n`);
    for (const folder of [platform, staging]) npm(['pack', '--silent', '--pack-destination', destination], folder);
  } finally {
    fs.rmSync(staging, { recursive: true });
  }
}

function read(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

function npm(arguments_, cwd) {
  const done = spawnSync('npm', arguments_, { cwd, stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`npm ${arguments_.join(' ')} failed in ${cwd}`);
}

try {
  if (process.argv.length !== 3) throw new Error('usage: node pack.js FOLDER');
  pack(path.resolve(process.argv[2]));
} catch (error) {
  process.stderr.write(`topicwire: ${error.message}\n`);
  process.exitCode = 1;
}
