// A server as a child process: it says where it is in its first line, and ends when its standard input does.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A path in tests/interop. */
export const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The Python that `cargo xtask setup` prepared. */
export const python = here('.venv/bin/python');

/** Starts a program and reads the JSON object in its first line of output. */
export async function startServer(program, args) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  child.stdin.on('error', () => {}); // it may be gone before it is told to go
  const first = await new Promise((resolve, reject) => {
    child.once('error', reject);
    createInterface({ input: child.stdout }).on('line', resolve).once('close', () => reject(new Error(`${program} ended without a word`)));
  });
  return {
    said: JSON.parse(first),
    async stop() {
      child.stdin.end();
      const late = setTimeout(() => child.kill('SIGKILL'), 5000);
      await exited;
      clearTimeout(late);
    },
  };
}

/** Runs a program to its end, or until `stop` is called; collects what it prints. */
export function startProgram(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text; });
  const exited = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
  return {
    exited,
    get output() { return output; },
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
