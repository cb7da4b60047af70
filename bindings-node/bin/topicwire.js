#!/usr/bin/env node
'use strict';

/** `npx topicwire …` is the executable of the platform package: its own terminal, its own signals, its own exit status. */

const { spawn } = require('node:child_process');

const { program } = require('../lib/platform.js');

function run() {
  let file;
  try {
    file = program();
  } catch (error) {
    process.stderr.write(`topicwire: ${error.message}\n`);
    process.exitCode = 2;
    return;
  }
  const forward = (signal) => {
    // A terminal sends Ctrl-C to the whole group, and so to the program too.
    if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  // Before it starts, so that no signal finds the command unprepared while the program runs already.
  for (const signal of signals) process.on(signal, forward);
  const child = spawn(file, process.argv.slice(2), { stdio: 'inherit' });
  child.on('error', (error) => {
    process.stderr.write(`topicwire: ${file} cannot be started: ${error.message}\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    for (const one of signals) process.removeListener(one, forward);
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
}

run();
