'use strict';
// What a JavaScript environment (the main thread, or a worker) has once: a poller, a buffer to poll into, and what keeps the process alive.

const native = require('./native.js');
const { Room, decode } = require('./batch.js');

/** Lanes by token. @type {Map<number, Lane>} */
const lanes = new Map();
let lastToken = 0;

const ROOM = new Room(64 * 1024);
/** Events that are handed out before other callbacks get their turn. */
const SLICE = 256;
const FOR_EVER = 2 ** 31 - 1;

const poller = new native.NativePoller(look);

/** Lanes have something. */
function look() {
  const tokens = poller.ready(SLICE);
  for (const token of tokens) {
    if (token === -1) setImmediate(look);
    else lanes.get(token)?.ring();
  }
}

/** @type {NodeJS.Timeout | undefined} */
let alive;
let holders = 0;

/** Keeps the process alive until `release`. */
function hold() {
  holders += 1;
  alive ??= setInterval(() => {}, FOR_EVER);
}

function release() {
  holders -= 1;
  if (holders === 0) {
    clearInterval(alive);
    alive = undefined;
  }
}

/** A lane as its consumer has it. */
class Lane {
  /**
   * @param {any} client the native client
   * @param {object} options
   * @param {{ request: number, command: string }} [feed]
   */
  constructor(client, options, feed) {
    lastToken += 1;
    this.token = lastToken;
    this.client = client;
    const json = JSON.stringify({ ...options, token: this.token });
    this.native = client.openLane(poller, json, feed?.request ?? 0, 0, feed?.command ?? null);
    this.id = this.native.id;
    /** What to do when there is something. @type {() => void} */
    this.ring = () => {};
    lanes.set(this.token, this);
  }

  /** Takes what there is, up to a slice. @returns {{ events: any[], more: boolean }} */
  take() {
    let room = ROOM;
    let used = this.native.pollInto(room.buffer, SLICE);
    if (used < 0) {
      // A message that is larger travels alone.
      room = new Room(-used);
      used = this.native.pollInto(room.buffer, SLICE);
    }
    return used <= 0 ? { events: [], more: false } : decode(room, this.client);
  }

  close() {
    if (lanes.delete(this.token)) this.client.closeLane(this.id);
  }
}

module.exports = { Lane, hold, poller, release };
