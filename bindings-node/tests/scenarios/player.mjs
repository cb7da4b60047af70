// Plays a scenario to the package's client over a loopback socket.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';

import { difference, fill, line, matches } from './report.mjs';
import { Server } from './socket.mjs';

const require = createRequire(import.meta.url);
// What all clients of the package are made of: it hears everything, and takes any command.
const lib = path.join(path.dirname(require.resolve('topicwire/package.json')), 'lib');
const { Client } = require(path.join(lib, 'client.js'));
const { Providers } = require(path.join(lib, 'providers.js'));

/** Nothing waits this long when all is well. */
const SOON = 20_000;

class Stage {
  #scenario;
  #server;
  #client;
  #waiting = new Map();
  #open = new Map();
  #names = new Map();
  #kept = new Map();
  #needs = [];
  #answered = 0;
  #heard = [];
  #news = [];
  #asking = [];

  constructor(scenario, server) {
    const { token, ...given } = scenario.options;
    const options = { ...given, url: server.url, connection: { ...given.connection, no_proxy: true } };
    const providers = new Providers();
    if (token === 'provider') options.token = providers.option('default', () => this.#provide());
    else if (token !== undefined) options.token = token;
    this.#scenario = scenario;
    this.#server = server;
    this.#client = new Client(JSON.stringify(options), providers, {});
  }

  async play() {
    this.#client._start();
    const listening = this.#listen();
    try {
      for (const [at, step] of this.#scenario.steps.entries()) {
        const [[kind, about]] = Object.entries(step);
        await within(this.#step(kind, about)).catch((error) => {
          throw new Error(`step ${at + 1}, ${JSON.stringify(step)}: ${error.message}\n${JSON.stringify(this.#lines())}`, { cause: error });
        });
      }
      const expected = this.#scenario.events;
      await within(this.#until(() => difference(expected, this.#lines()) === null)).catch(() => {
        throw new Error(difference(expected, this.#lines()));
      });
    } finally {
      this.#client.abort();
      await listening;
      await Promise.all(this.#asking);
    }
  }

  async #listen() {
    const stream = this.#client._main;
    for (let event = await stream.next(); event !== null; event = await stream.next()) this.#note(event);
  }

  #note(event) {
    this.#heard.push(event);
    for (const look of this.#news.splice(0)) look();
  }

  async #until(reached) {
    while (!reached()) await new Promise((resolve) => this.#news.push(resolve));
  }

  #lines() {
    return this.#heard.map((event) => line(event, this.#names)).filter((one) => one !== null);
  }

  async #provide() {
    return new Promise((resolve) => {
      this.#needs.push(resolve);
      this.#note({ need: 'token' });
    });
  }

  async #step(kind, about) {
    switch (kind) {
      case 'connects': {
        const arrived = await this.#server.next();
        if (about.offers) assert.deepEqual(arrived.offers, about.offers);
        assert.ok(!about.url_has || arrived.path.includes(about.url_has), `the client dials ${arrived.path}`);
        assert.ok(!about.url_lacks || !arrived.path.includes(about.url_lacks), `the client dials ${arrived.path}`);
        this.#waiting.set(about.name, arrived);
        return;
      }
      case 'accepts':
        this.#open.set(about.on, this.#waiting.get(about.on).accept(about.protocol));
        return;
      case 'refuses':
        this.#waiting.get(about.on).refuse(about.status, about.headers ?? {});
        return;
      case 'sends': {
        const sent = JSON.parse(await this.#open.get(about.on).text());
        assert.ok(matches(about.frame, sent, this.#kept), `the client sends ${JSON.stringify(sent)}`);
        return;
      }
      case 'receives':
        this.#open.get(about.on).send(JSON.stringify(fill(about.frame, this.#kept)));
        return;
      case 'receives_text':
        this.#open.get(about.on).send(about.text);
        return;
      case 'server_closes':
        await this.#open.get(about.on).close(about.code, about.reason ?? '');
        return;
      case 'breaks':
        this.#open.get(about.on).hangUp();
        return;
      case 'client_closes': {
        const code = await this.#open.get(about.on).closed();
        if (about.code !== undefined) assert.equal(code, about.code);
        return;
      }
      case 'command':
        this.#command(about.name, about.command);
        return;
      case 'hears':
        await this.#until(() => this.#lines().some((one) => matches(about.event, one, new Map())));
        return;
      case 'answers_need':
        await this.#until(() => this.#needs.length > this.#answered);
        this.#needs[this.#answered](about.token);
        this.#answered += 1;
        return;
      case 'close':
        this.#asking.push(this.#client.close(1000, ''));
        return;
      default:
        throw new Error(`no runner of wire scenarios knows the step ${kind}`);
    }
  }

  #command(name, command) {
    const whole = { ...command };
    if (typeof whole.subscription === 'string') {
      whole.subscription = [...this.#names].find(([, known]) => known === whole.subscription)[0];
    }
    // The client counts its requests, and nobody else makes any.
    this.#names.set(this.#names.size + 1, name);
    const asked = this.#client._requests.ask(whole);
    this.#asking.push(
      asked.then(
        (reply) => this.#note({ reply: name, result: reply.result === null ? null : JSON.parse(reply.result.toString('utf8')) }),
        (error) => this.#note({ reply: name, error: error.code }),
      ),
    );
  }
}

function within(work) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(reject, SOON, new Error('it does not happen'))));
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Plays one scenario. */
export async function play(scenario) {
  const server = await Server.start();
  try {
    await new Stage(scenario, server).play();
  } finally {
    server.stop();
  }
}
