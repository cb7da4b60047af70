'use strict';

const { randomUUID } = require('node:crypto');

const { Client } = require('./client.js');
const { content } = require('./payload.js');
const { Providers } = require('./providers.js');
const options = require('./options.js');

/**
 * What happens to a session under the names that the service's own client has for it: the kind of event that says so, and which of them do.
 * @type {Record<string, { kind: string, is: (event: any) => boolean }>}
 */
const SESSION = {
  connected: { kind: 'opened', is: (event) => !event.resumed },
  recovering: { kind: 'state', is: (event) => event.to === 'recovering' },
  recovered: { kind: 'state', is: (event) => event.from === 'recovering' && event.to === 'active' },
  disconnected: {
    kind: 'state',
    is: (event) => ['active', 'recovering'].includes(event.from) && ['backoff', 'connecting', 'awaiting_welcome'].includes(event.to),
  },
  stopped: { kind: 'closed', is: () => true },
  'group-message': { kind: 'message', is: (event) => event.topic === 'group' || event.topic === 'stream' },
  'server-message': { kind: 'message', is: (event) => event.topic === 'server' },
};

/**
 * Joins groups of an Azure Web PubSub hub, sends to them, and raises events of an application.
 *
 *     const hub = new WebPubSub(accessUrl);
 *     hub.on('group-message', (message) => console.log(message.room, message.data));
 *     await hub.connect();
 *     await hub.joinGroup('lobby');
 *     await hub.sendToGroup('lobby', { hello: 'world' });
 */
class WebPubSub extends Client {
  /** Functions of the program, and what stands for them, by name: as many as it was registered times. @type {Map<string, Map<Function, Function[]>>} */
  #wrapped = new Map();

  /**
   * @param {string | URL | Function} url a client access URL, or a function that fetches one: it is asked whenever a new session begins
   * @param {any} [given]
   */
  constructor(url, given = {}) {
    const providers = new Providers();
    super(options.client('webpubsub', { ...given, ...providers.address(url) }), providers, {});
  }

  /** @param {string} name @param {Function} listener @param {boolean} once */
  #stand(name, listener, once) {
    const session = SESSION[name];
    if (!session || typeof listener !== 'function') return { name, call: listener };
    const known = this.#wrapped.get(name) ?? new Map();
    this.#wrapped.set(name, known);
    const call = (/** @type {any} */ event) => {
      if (!session.is(event)) return undefined;
      if (once) {
        // This one and no other: the same function may be registered again.
        const left = (known.get(listener) ?? []).filter((/** @type {Function} */ one) => one !== call);
        if (left.length > 0) known.set(listener, left);
        else known.delete(listener);
        super.off(session.kind, call);
      }
      return listener(event);
    };
    known.set(listener, [...(known.get(listener) ?? []), call]);
    return { name: session.kind, call };
  }

  /** @param {string} name @param {Function} listener */
  on(name, listener) {
    const stand = this.#stand(name, listener, false);
    return super.on(stand.name, stand.call);
  }

  /** @param {string} name @param {Function} listener */
  once(name, listener) {
    const stand = this.#stand(name, listener, true);
    return SESSION[name] ? super.on(stand.name, stand.call) : super.once(stand.name, stand.call);
  }

  /** @param {string} name @param {Function} listener */
  off(name, listener) {
    if (!SESSION[name]) return super.off(name, listener);
    for (const call of this.#wrapped.get(name)?.get(listener) ?? []) super.off(SESSION[name].kind, call);
    this.#wrapped.get(name)?.delete(listener);
    return this;
  }

  /** Ends the client, in whatever state it is; the service forgets the session. The same as `close`. */
  async stop() {
    await this.close();
  }

  /**
   * Joins a group, to hear what is sent to it. It is joined again whenever another session begins.
   * @param {string} group
   * @param {{ signal?: AbortSignal }} [about]
   */
  async joinGroup(group, { signal } = {}) {
    const reply = await this._requests.ask({ type: 'join_group', group }, { signal });
    return { id: reply.subscription ?? reply.request, topic: 'group', room: group };
  }

  /** Leaves a group, however often it was joined. @param {string} group @param {{ signal?: AbortSignal }} [about] */
  async leaveGroup(group, { signal } = {}) {
    await this._requests.ask({ type: 'leave_group', group }, { signal });
  }

  /**
   * Sends to everybody in a group, which one need not be in oneself, and resolves with the acknowledgement.
   * @param {string} group
   * @param {unknown} data
   * @param {string} [dataType]
   * @param {{ noEcho?: boolean, fireAndForget?: boolean, metadata?: Record<string, string>, ttlSeconds?: number, signal?: AbortSignal }} [about]
   */
  async sendToGroup(group, data, dataType, { noEcho = false, fireAndForget = false, metadata, ttlSeconds, signal } = {}) {
    const command = { type: 'send_to_group', group, no_echo: noEcho, fire_and_forget: fireAndForget, metadata, ttl_seconds: ttlSeconds };
    return acknowledged(await this._say(command, data, dataType, signal));
  }

  /**
   * Raises an event of the application's server. What it answers comes as a message of the topic `server`.
   * @param {string} event
   * @param {unknown} data
   * @param {string} [dataType]
   * @param {{ fireAndForget?: boolean, metadata?: Record<string, string>, signal?: AbortSignal }} [about]
   */
  async sendEvent(event, data, dataType, { fireAndForget = false, metadata, signal } = {}) {
    return acknowledged(await this._say({ type: 'send_event', event, fire_and_forget: fireAndForget, metadata }, data, dataType, signal));
  }

  /**
   * Raises an event and resolves with its result. It is sent once; aborting tells the service. JSON subprotocols only.
   * @param {string} event
   * @param {unknown} [data]
   * @param {string} [dataType]
   * @param {{ signal?: AbortSignal }} [about]
   */
  async invoke(event, data = '', dataType = undefined, { signal } = {}) {
    const result = parsed(await this._say({ type: 'invoke', event }, data, dataType, signal));
    if (!result) return { dataType: 'json', data: null };
    const isBytes = ['binary', 'protobuf'].includes(result.data_type) && typeof result.data === 'string';
    return { dataType: result.data_type, data: isBytes ? Buffer.from(result.data, 'base64') : result.data };
  }

  /** Sends a text or a binary message, in simple mode (`protocol: 'simple'`), which has nothing else. @param {any} data @param {{ signal?: AbortSignal }} [about] */
  async send(data, { signal } = {}) {
    await this._write(data, signal);
  }

  /**
   * Begins a stream to a group: fragments that arrive in order, each acknowledged.
   * @param {string} group
   * @param {{ streamId?: string, idleTimeoutMs?: number, noEcho?: boolean, signal?: AbortSignal }} [about]
   */
  async startStream(group, { streamId = randomUUID(), idleTimeoutMs, noEcho = false, signal } = {}) {
    const command = { type: 'start_stream', group, stream_id: streamId, no_echo: noEcho, idle_timeout_ms: idleTimeoutMs };
    await this._requests.ask(command, { signal });
    return new GroupStream(this, group, streamId);
  }

  /**
   * Sets what others see of this connection in a group; null clears it.
   * @param {string} group
   * @param {Record<string, string> | null} state
   * @param {{ signal?: AbortSignal }} [about]
   */
  async setGroupState(group, state, { signal } = {}) {
    await this._requests.ask({ type: 'set_group_state', group, state }, { signal });
  }

  /** Hears of the state of everybody in a group: messages of the topic `group_state`. @param {string} group @param {{ signal?: AbortSignal }} [about] */
  async subscribeGroupState(group, { signal } = {}) {
    await this._requests.ask({ type: 'subscribe_group_state', group }, { signal });
  }

  /** Hears of it no more. @param {string} group @param {{ signal?: AbortSignal }} [about] */
  async unsubscribeGroupState(group, { signal } = {}) {
    await this._requests.ask({ type: 'unsubscribe_group_state', group }, { signal });
  }

  /**
   * A command with data.
   * @param {object} command
   * @param {unknown} data
   * @param {string | undefined} dataType
   * @param {AbortSignal} [signal]
   */
  async _say(command, data, dataType, signal) {
    const sent = content(data, dataType);
    return this._requests.ask({ ...command, data_type: sent.dataType }, { payload: sent.payload, signal });
  }
}

/** A stream to a group. It survives the connection, and ends with the session. */
class GroupStream {
  #hub;
  /** @type {Promise<void> | null} */ #ending = null;

  /** @param {WebPubSub} hub @param {string} group @param {string} id */
  constructor(hub, group, id) {
    this.#hub = hub;
    this.group = group;
    this.id = id;
  }

  /**
   * Sends the next fragment, and resolves when the service has it. Up to 256 may wait.
   * @param {unknown} data
   * @param {string} [dataType]
   * @param {{ signal?: AbortSignal }} [about]
   */
  async send(data, dataType, { signal } = {}) {
    await this.#hub._say({ type: 'stream_data', stream_id: this.id }, data, dataType, signal);
  }

  /** Ends the stream; with `error`, early. The second time it resolves, or rejects, as the first did. @param {{ error?: string, errorCode?: string, signal?: AbortSignal }} [about] */
  async end({ error = undefined, errorCode = undefined, signal } = {}) {
    const command = { type: 'end_stream', stream_id: this.id, error: error ?? null, error_code: errorCode ?? null };
    this.#ending ??= this.#hub._requests.ask(command, { signal });
    await this.#ending;
  }

  async [Symbol.asyncDispose]() {
    await this.end();
  }
}

/** @param {any} reply */
const parsed = (reply) => (reply.result?.length > 0 ? JSON.parse(reply.result.toString('utf8')) : null);

/** How the service acknowledged; null when no acknowledgement was asked for. @param {any} reply */
function acknowledged(reply) {
  const result = parsed(reply);
  return result && { ackId: result.ack_id, isDuplicated: result.duplicate };
}

module.exports = { GroupStream, WebPubSub };
