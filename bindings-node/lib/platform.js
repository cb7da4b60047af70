'use strict';

/**
 * Where the native part of this installation is: a package of its own for each platform, which npm picks.
 *
 * In a checkout it is the folder that `build.js` fills.
 */

const fs = require('node:fs');
const path = require('node:path');

const { version } = require('../package.json');

/** The platform as package names have it: `linux-x64-gnu`, `linux-arm64-musl`, `darwin-arm64`, `win32-x64`. */
function triple() {
  const parts = [process.platform, process.arch];
  if (process.platform === 'linux') parts.push(glibc() ? 'gnu' : 'musl');
  return parts.join('-');
}

function glibc() {
  const { report } = process;
  // Without this the report looks up the names of all open connections.
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  try {
    return report.getReport().header.glibcVersionRuntime !== undefined;
  } finally {
    report.excludeNetwork = before;
  }
}

/**
 * The folder of the platform package.
 *
 * @throws {Error} with `code` `missing_platform_package` or `version_mismatch`, when it is not there or is of another version.
 */
function folder() {
  const name = `@topicwire/${triple()}`;
  const found = [() => path.join(__dirname, '..', 'npm', triple(), 'package.json'), () => require.resolve(`${name}/package.json`)]
    .map(attempt)
    .find((file) => file !== undefined && fs.existsSync(file));
  if (found === undefined) {
    throw failure(
      'missing_platform_package',
      `topicwire has no native part for ${triple()}: the package ${name} ${version} is not installed. The usual causes are an ` +
        'installation without optional dependencies (--no-optional, --omit=optional), and a node_modules folder that was copied ' +
        'from a machine of another kind. Run `npm install` again on this machine'
    );
  }
  const other = JSON.parse(fs.readFileSync(found, 'utf8')).version;
  if (other !== version) {
    throw failure(
      'version_mismatch',
      `topicwire ${version} needs ${name} of the same version, and ${other} is installed (${path.dirname(found)}). Run \`npm install\` again`
    );
  }
  return path.dirname(found);
}

function attempt(look) {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/**
 * The executable `topicwire`. The variable `TOPICWIRE_PROGRAM` names another build of it.
 *
 * @throws {Error} when it is not there; the message says what to do.
 */
function program() {
  const named = process.env.TOPICWIRE_PROGRAM;
  const file = named || path.join(folder(), 'bin', process.platform === 'win32' ? 'topicwire.exe' : 'topicwire');
  try {
    fs.accessSync(file, fs.constants.X_OK);
  } catch {
    const which = named ? `TOPICWIRE_PROGRAM names ${file}, which` : `the program ${file}`;
    throw failure('missing_program', `${which} is not a program that can be run`);
  }
  return file;
}

function failure(code, message) {
  return Object.assign(new Error(message), { code });
}

module.exports = { folder, program, triple };
