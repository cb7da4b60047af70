'use strict';

const { Client } = require('./client.js');
const { Providers } = require('./providers.js');
const options = require('./options.js');

/**
 * Listens to StreamElements Astro.
 *
 *     const astro = new Astro({ token: process.env.SE_JWT });
 *     await astro.connect();
 *     await astro.subscribe('channel.activities', { room });
 *     for await (const event of astro) console.log(event.kind, event.data);
 */
class Astro extends Client {
  /** @param {any} [given] */
  constructor({ token, credentials, ...given } = {}) {
    const providers = new Providers();
    const named = Object.entries(credentials ?? {}).map(([name, source]) => ({
      name,
      token: providers.option(name, source),
      tokenType: given.tokenType ?? 'jwt',
    }));
    const all = { ...given, token: providers.option('default', token), credentials: named.map((one) => options.snaked(one)) };
    super(options.client('astro', all), providers, {});
  }

  /**
   * Subscribes, and resolves with the subscription when the gateway has answered. It is kept through every outage until `unsubscribe`.
   * @param {string} topic
   * @param {{ room?: string, noRoom?: boolean, credential?: string, signal?: AbortSignal }} [about]
   */
  async subscribe(topic, { room, noRoom = false, credential, signal } = {}) {
    const command = { type: 'subscribe', topic, room: room ?? null, no_room: noRoom, credential: credential ?? null };
    const reply = await this._requests.ask(command, { signal });
    return { id: reply.subscription ?? reply.request, topic, room: room ?? null };
  }

  /** Ends a subscription. @param {{ id: number }} subscription @param {{ signal?: AbortSignal }} [about] */
  async unsubscribe(subscription, { signal } = {}) {
    await this._requests.ask({ type: 'unsubscribe', subscription: subscription.id }, { signal });
  }

  /** Ends every subscription of a topic, whatever its room. @param {string} topic @param {{ signal?: AbortSignal }} [about] */
  async unsubscribeAll(topic, { signal } = {}) {
    await this._requests.ask({ type: 'unsubscribe_all', topic }, { signal });
  }
}

module.exports = { Astro };
