'use strict';

const { Client } = require('./client.js');
const { Lane } = require('./environment.js');
const { calling } = require('./errors.js');
const { Iteration } = require('./iteration.js');
const { Providers } = require('./providers.js');
const { Stream } = require('./stream.js');
const options = require('./options.js');

// Results go to their operations; in the main stream they would only fill a queue that few read.
const MAIN = { filter: { kinds: ['state', 'opened', 'fault', 'gap', 'subscribed', 'ended'] } };

/** @param {string} type @param {string} query @param {object} [variables] @param {any} [about] */
const command = (type, query, variables, about = {}) => ({
  type,
  query,
  variables: variables ?? null,
  operation_name: about.operationName ?? null,
  extensions: about.extensions ?? null,
  ...(about.dataTimeoutMs === undefined ? {} : { data_timeout_ms: about.dataTimeoutMs }),
});

/**
 * Runs GraphQL subscriptions, queries and mutations over a WebSocket.
 *
 *     const graphql = new GraphQL('wss://…', { token });
 *     for await (const result of graphql.subscribe('subscription { blocks { number } }')) console.log(result.data);
 */
class GraphQL extends Client {
  #lazy;

  /** @param {string | URL} url @param {any} [given] */
  constructor(url, { token, ...given } = {}) {
    const providers = new Providers();
    super(options.client('graphql', { ...given, url: String(url), token: providers.option('default', token) }), providers, MAIN);
    this.#lazy = given.lazy ?? true;
  }

  /** Resolves at once for a lazy client, which connects when the first operation wants it. @param {{ signal?: AbortSignal }} [about] */
  async connect(about) {
    if (this.#lazy) this._start();
    else await super.connect(about);
  }

  /**
   * Starts an operation. Its results come by the async iterator that is returned; leaving the loop ends it on the server.
   * @param {string} query
   * @param {object} [variables]
   * @param {{ operationName?: string, extensions?: object, dataTimeoutMs?: number, signal?: AbortSignal }} [about]
   */
  subscribe(query, variables, about) {
    about?.signal?.throwIfAborted();
    this._start();
    const request = this._native.nextRequest();
    const own = { filter: { subscriptions: [request] }, owns: [request], overflow: 'close' };
    const feed = { request, command: JSON.stringify(command('operation', query, variables, about)) };
    return new Operation(request, new Stream(calling(() => new Lane(this._native, own, feed))), about?.signal);
  }

  /**
   * Runs a query or a mutation and resolves with its execution result, `data` and `errors` and all.
   * @param {string} query
   * @param {object} [variables]
   * @param {{ operationName?: string, extensions?: object, signal?: AbortSignal }} [about]
   */
  async execute(query, variables, about = {}) {
    this._start();
    const reply = await this._requests.ask(command('execute', query, variables, about), { signal: about.signal });
    return reply.result === null ? null : JSON.parse(reply.result.toString('utf8'));
  }
}

/** The results of an operation, in order. */
class Operation {
  #stream;
  #signal;
  #stop = () => this.#stream.close();

  /** @param {number} id @param {Stream} stream @param {AbortSignal} [signal] ends it, and loops over it throw its reason */
  constructor(id, stream, signal) {
    /** Its number, as messages carry it. */
    this.id = id;
    this.#stream = stream;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#stop, { once: true });
  }

  [Symbol.asyncIterator]() {
    return new Iteration(this.#stream, {
      judge: (event) => judge(event) && event.kind === 'message',
      finish: () => this.close(),
      signal: this.#signal,
    });
  }

  /** Everything that happens to it: results, and gaps and the like among them. */
  events() {
    return new Iteration(this.#stream, { judge, signal: this.#signal });
  }

  /** Ends it on the server too. */
  close() {
    this.#signal?.removeEventListener('abort', this.#stop);
    this.#stream.close();
  }

  async [Symbol.asyncDispose]() {
    this.close();
  }
}

/** What a loop over an operation does with an event: it ends with the operation, and throws why it failed. @param {any} event */
function judge(event) {
  if (event.kind !== 'reply' && event.kind !== 'ended' && event.kind !== 'closed') return true;
  const error = event.kind === 'closed' ? event.cause : event.error;
  if (error) throw error;
  // The answer to the command says only that it began.
  return event.kind === 'reply' ? false : null;
}

module.exports = { GraphQL, Operation };
