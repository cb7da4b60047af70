'use strict';

/**
 * Builds the platform's native part into `npm/<triple>`, from a checkout: what `npm install ./bindings-node` runs. It needs cargo.
 *
 * `TOPICWIRE_BUILD_PROFILE` names the cargo profile, `packaging` if it is not set; the project's own tests say `dev`.
 */

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { triple } = require('./lib/platform.js');
const { version, license } = require('./package.json');

/** Returns the folder of the platform package. */
function build() {
  const profile = process.env.TOPICWIRE_BUILD_PROFILE || 'packaging';
  // One after the other: together they would agree on other features of what both need, and share nothing with other packages' builds.
  const files = ['topicwire-cli', 'topicwire-node'].flatMap((crate) => cargo(['build', '--package', crate, '--profile', profile, '--locked']));
  const program = files.find((file) => /^topicwire(\.exe)?$/.test(path.basename(file)));
  const addon = files.find((file) => /^(lib)?topicwire_node\.(so|dylib|dll)$/.test(path.basename(file)));
  const folder = path.join(__dirname, 'npm', triple());
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(path.join(folder, 'bin'), { recursive: true });
  fs.copyFileSync(program, path.join(folder, 'bin', path.basename(program)));
  fs.copyFileSync(addon, path.join(folder, 'topicwire.node'));
  fs.writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(description(), null, 2)}\n`);
  return folder;
}

/** The platform package says where it may be installed; npm passes over the others. */
function description() {
  const [os, cpu, libc] = triple().split('-');
  return {
    name: `@topicwire/${triple()}`,
    version,
    description: `The native part of topicwire for ${triple()}.`,
    license,
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc === 'gnu' ? 'glibc' : libc] }),
    files: ['bin', 'topicwire.node'],
    preferUnplugged: true,
  };
}

/** Runs cargo, and returns the files that it built. */
function cargo(arguments_) {
  const command = process.env.CARGO || 'cargo';
  const done = spawnSync(command, [...arguments_, '--message-format', 'json-render-diagnostics'], {
    cwd: __dirname,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (done.error && done.error.code === 'ENOENT') {
    throw new Error('building topicwire from its sources needs Rust (cargo): install it from rustup.rs, or install a package');
  }
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`cargo ${arguments_.join(' ')} failed`);
  const messages = done.stdout.split('\n').filter((line) => line.startsWith('{'));
  return messages.flatMap((line) => JSON.parse(line).filenames ?? []);
}

module.exports = { build };

if (require.main === module) {
  try {
    build();
  } catch (error) {
    process.stderr.write(`topicwire: ${error.message}\n`);
    process.exitCode = 1;
  }
}
