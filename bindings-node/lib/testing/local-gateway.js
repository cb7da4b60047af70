'use strict';

const { request } = require('./control.js');
const { LocalGatewayError } = require('./error.js');
const { GatewayProcess } = require('./process.js');
const { wait } = require('./wait.js');

/** The room of what is published without one, and of subscriptions whose token names none. */
const DEFAULT_ROOM = '64f0a1b2c3d4e5f607182930';

const ARGUMENTS = new Set(['options', 'bitquery', 'seed', 'port', 'program', 'readyTimeout', 'signal']);

/** The server side of every dialect on a free port of this machine, in a process of its own. `index.d.ts` describes it. */
class LocalGateway {
  #process;
  #closing;

  /** Use {@link LocalGateway.start}. */
  constructor(process) {
    if (!(process instanceof GatewayProcess)) throw new TypeError('a local gateway is made by `await LocalGateway.start()`');
    this.#process = process;
  }

  static async start(options = {}) {
    const self = new LocalGateway(await GatewayProcess.start(checked(options)));
    try {
      if (options.options !== undefined) await self.setOptions(options.options);
    } catch (error) {
      await self.close();
      throw error;
    }
    return self;
  }

  get port() {
    return this.#process.port;
  }

  get pid() {
    return this.#process.pid;
  }

  get astroUrl() {
    return `ws://127.0.0.1:${this.port}/`;
  }

  get graphqlUrl() {
    return `ws://127.0.0.1:${this.port}/graphql`;
  }

  get rawUrl() {
    return `ws://127.0.0.1:${this.port}/raw`;
  }

  async accessUrl({ hub = 'chat', user, roles, groups = [], minutes = 60 } = {}) {
    return (await this.control('webpubsub/url', { hub, user: user ?? null, groups, minutes, ...(roles === undefined ? {} : { roles }) })).url;
  }

  async publish(topic, data, { room, id } = {}) {
    return this.control('astro/publish', { topic, data: data === undefined ? null : data, room, id });
  }

  async publishGraphQL(field, data) {
    return (await this.control('graphql/publish', { field, data })).receivers;
  }

  async publishToGroup(group, data, { hub = 'chat' } = {}) {
    return (await this.control('webpubsub/publish', { hub, data, ...(group === null ? {} : { group }) })).receivers;
  }

  async fault(fault, settings = {}) {
    return (await this.control('faults', { ...settings, fault })).hit;
  }

  async clearFaults() {
    await this.fault('clear');
  }

  async reconnect(settings = {}) {
    return (await this.control('astro/reconnect', settings)).hit;
  }

  async setOptions(options) {
    await this.control('options', options);
  }

  async connections(dialect) {
    const { connections } = await this.control('connections');
    return connections.filter((one) => dialect === undefined || one.dialect === dialect);
  }

  async transcript(since = 0) {
    return (await this.control(`transcript?since=${Number(since)}`)).entries;
  }

  async sent(conn) {
    const entries = await this.transcript();
    const texts = entries.filter((one) => one.direction === 'in' && one.kind === 'text' && (conn === undefined || one.conn === conn));
    return texts.map((one) => decoded(one.text));
  }

  async control(path, body) {
    if (this.#closing) throw new LocalGatewayError('the local gateway is closed');
    try {
      return await request(this.port, path, body);
    } catch (error) {
      // One that is ending has closed its sockets before its parent can know of it.
      if (error.cause && (await this.#process.ended(1000))) throw new LocalGatewayError(`the local gateway has ended${this.#process.said}`, { cause: error });
      throw error;
    }
  }

  async waitForConnections(count, { dialect, ...waiting } = {}) {
    return wait(
      async () => {
        const found = await this.connections(dialect);
        return found.length === count ? found : undefined;
      },
      async () => `${count} ${dialect ?? 'open'} connections are expected, ${(await this.connections(dialect)).length} are open`,
      waiting
    );
  }

  async waitForSubscribers(topic, { room = DEFAULT_ROOM, count = 1, ...waiting } = {}) {
    const counted = async () => {
      const subscribed = (one) => one.topic === topic && one.room === room;
      return (await this.connections('astro')).filter((connection) => connection.state.subscriptions.some(subscribed)).length;
    };
    await wait(
      async () => ((await counted()) >= count ? true : undefined),
      async () => `${count} subscribers of ${topic} in ${room} are expected, there are ${await counted()}`,
      waiting
    );
  }

  async waitForSent(matches, waiting) {
    const fits = (message) => {
      try {
        return Boolean(matches(message));
      } catch (error) {
        if (error instanceof TypeError) return false; // a message of another shape
        throw error;
      }
    };
    return wait(
      async () => (await this.sent()).find(fits),
      async () => `no client has sent what is waited for; ${(await this.sent()).length} messages were sent`,
      waiting
    );
  }

  async close() {
    this.#closing ??= this.#process.close();
    await this.#closing;
  }

  async [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
    await this.close();
  }
}

/** The arguments of `start`, or an error that names the one that makes no sense. */
function checked(given) {
  if (given === null || typeof given !== 'object') throw new TypeError('LocalGateway.start takes an object of options');
  const unknown = Object.keys(given).find((name) => !ARGUMENTS.has(name));
  if (unknown !== undefined) throw new TypeError(`LocalGateway.start has no option \`${unknown}\`; it has ${[...ARGUMENTS].join(', ')}`);
  const { options, bitquery = false, seed, port = 0, program, readyTimeout = 30_000, signal } = given;
  const demand = (name, good, expected) => {
    if (!good) throw new TypeError(`LocalGateway.start: \`${name}\` must be ${expected}`);
  };
  demand('options', options === undefined || (typeof options === 'object' && options !== null), 'an object, such as { astro: { profile: "legacy" } }');
  demand('bitquery', typeof bitquery === 'boolean', 'a boolean');
  demand('seed', seed === undefined || (Number.isSafeInteger(seed) && seed >= 0), 'an integer, 0 or above');
  demand('port', Number.isInteger(port) && port >= 0 && port <= 65535, '0 (a free one) to 65535');
  demand('program', program === undefined || typeof program === 'string', 'a path');
  demand('readyTimeout', typeof readyTimeout === 'number' && readyTimeout > 0, 'a number of milliseconds above 0');
  demand('signal', signal === undefined || signal instanceof AbortSignal, 'an AbortSignal');
  const rest = ['--port', String(port), ...(bitquery ? ['--bitquery'] : []), ...(seed === undefined ? [] : ['--seed', String(seed)])];
  return { program, arguments: rest, readyTimeout, signal };
}

function decoded(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

module.exports = { DEFAULT_ROOM, LocalGateway };
