'use strict';

/** The gateway as a process: started, awaited until it is ready, and ended with whoever started it. */

const { spawn } = require('node:child_process');
const { once } = require('node:events');

const platform = require('../platform.js');
const { LocalGatewayError } = require('./error.js');

/** How long a gateway may take to end before it is killed, in milliseconds. */
const GRACE = 5000;
/** How much of what it says is kept, in characters. */
const KEPT = 4096;

class GatewayProcess {
  #child;
  #said = '';
  #ended = false;

  constructor(child) {
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#said = (this.#said + text).slice(-KEPT);
    });
    child.once('close', () => {
      this.#ended = true;
    });
  }

  /** Starts one. */
  static async start({ program, arguments: rest, readyTimeout, signal }) {
    signal?.throwIfAborted();
    const file = program ?? found();
    const child = spawn(file, ['gateway', '--control-stdio', ...rest], { stdio: 'pipe', windowsHide: true });
    const self = new GatewayProcess(child);
    try {
      self.port = await self.#announced(file, readyTimeout, signal);
    } catch (error) {
      await self.kill();
      throw error;
    }
    // A gateway that nobody closed does not keep the program alive, and ends with it.
    child.unref();
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.unref();
    // What else it says nobody needs, but it must not have to wait for a reader.
    child.stdout.resume();
    return self;
  }

  get pid() {
    return this.#child.pid;
  }

  /** Whether it has ended, or does so within so many milliseconds. */
  async ended(within) {
    if (this.#ended) return true;
    return new Promise((resolve) => {
      const finish = (ended) => {
        clearTimeout(late);
        this.#child.removeListener('close', closed);
        resolve(ended);
      };
      const closed = () => finish(true);
      const late = setTimeout(finish, within, false);
      this.#child.once('close', closed);
    });
  }

  /** What it wrote to standard error, to end a sentence with. */
  get said() {
    const text = this.#said.trim();
    return text && `: ${text}`;
  }

  /** Ends it: for the gateway the end of its input is the end. */
  async close() {
    if (this.#ended) return;
    this.#child.ref();
    const gone = once(this.#child, 'close');
    this.#child.stdin.end();
    const late = setTimeout(() => this.#child.kill('SIGKILL'), GRACE);
    await gone;
    clearTimeout(late);
  }

  async kill() {
    if (this.#ended || this.#child.pid === undefined) return;
    const gone = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await gone;
  }

  /** The port that its first line names. */
  #announced(file, readyTimeout, signal) {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      let line = '';
      const finish = (settle, value) => {
        clearTimeout(late);
        signal?.removeEventListener('abort', abort);
        child.stdout.removeListener('data', read);
        child.removeListener('error', failed).on('error', () => {});
        child.removeListener('close', closed);
        settle(value);
      };
      const fail = (message, cause) => finish(reject, new LocalGatewayError(message, cause && { cause }));
      const abort = () => finish(reject, signal.reason);
      const failed = (error) => fail(`the program ${file} cannot be started: ${error.message}`, error);
      const closed = (code, killed) => fail(`${file} ended (${killed ?? `status ${code}`}) instead of starting${this.said}`);
      const read = (text) => {
        line += text;
        if (!line.includes('\n')) return;
        const port = announced(line);
        if (port === undefined) fail(`${file} does not speak as a gateway does; it said: ${line.trim()}${this.said}`);
        else finish(resolve, port);
      };
      const late = setTimeout(
        () => fail(`${file} did not say within ${readyTimeout} ms on which port it is${this.said}`),
        readyTimeout
      );
      signal?.addEventListener('abort', abort);
      child.once('error', failed).once('close', closed);
      child.stdout.setEncoding('utf8').on('data', read);
      // Its end is seen by `close`; what we write into it then goes nowhere.
      child.stdin.on('error', () => {});
    });
  }
}

function found() {
  try {
    return platform.program();
  } catch (error) {
    throw new LocalGatewayError(error.message, { cause: error });
  }
}

function announced(line) {
  try {
    const { port } = JSON.parse(line);
    return Number.isInteger(port) ? port : undefined;
  } catch {
    return undefined;
  }
}

module.exports = { GatewayProcess };
