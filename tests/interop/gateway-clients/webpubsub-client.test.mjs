// The official client of Azure Web PubSub as its users have it, against our gateway: every operation, a recovery, a rejoin.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WebPubSubClient, WebPubSubJsonProtocol, WebPubSubJsonReliableProtocol } from '@azure/web-pubsub-client';
import { startGateway } from '../harness/gateway.mjs';
import { until } from '../harness/until.mjs';

// A stopped client of version 1.1.0 sleeps on between two pings, and the process with it.
const NO_PINGS = { keepAliveIntervalInMs: 0, keepAliveTimeoutInMs: 0 };

/** Runs `act` with a gateway and a way to make clients, and ends them all. */
async function withGateway(options, act) {
  const gateway = await startGateway(options);
  const clients = [];
  const client = async (user, protocol = WebPubSubJsonReliableProtocol(), more = {}) => {
    const made = { log: { messages: [], server: [], connected: [], disconnected: 0, stopped: 0, urls: 0 } };
    const credential = {
      getClientAccessUrl: async () => {
        made.log.urls += 1;
        return (await gateway.post('webpubsub/url', { user })).url;
      },
    };
    made.client = new WebPubSubClient(credential, {
      protocol, messageRetryOptions: { maxRetries: 0 }, reconnectRetryOptions: { retryDelayInMs: 10 }, ...NO_PINGS, ...more,
    });
    made.client.on('connected', (event) => made.log.connected.push(event));
    made.client.on('disconnected', () => { made.log.disconnected += 1; });
    made.client.on('stopped', () => { made.log.stopped += 1; });
    made.client.on('group-message', ({ message }) => made.log.messages.push(message));
    made.client.on('server-message', ({ message }) => made.log.server.push(message));
    await made.client.start();
    await until('`connected`', () => made.log.connected.length === 1, () => made.log);
    clients.push(made.client);
    return made;
  };
  try {
    await act({ gateway, client });
  } finally {
    for (const one of clients) one.stop();
    await gateway.stop();
  }
}

const PROTOCOLS = { reliable: WebPubSubJsonReliableProtocol, unreliable: WebPubSubJsonProtocol };

for (const [name, protocol] of Object.entries(PROTOCOLS)) {
  describe(`the official client, ${name}`, () => {
    test('joins, sends every type of data, hears it, and leaves', () => withGateway({}, async ({ client }) => {
      const { client: alice, log } = await client('alice', protocol());
      assert.deepEqual(await alice.joinGroup('lobby'), { ackId: 1, isDuplicated: false });
      await alice.sendToGroup('lobby', 'good morning', 'text');
      await alice.sendToGroup('lobby', { n: 1.5 }, 'json');
      await alice.sendToGroup('lobby', new Uint8Array([1, 2, 255]).buffer, 'binary');
      await alice.sendToGroup('lobby', 'not for me', 'text', { noEcho: true });
      await alice.sendToGroup('lobby', 'gone', 'text', { fireAndForget: true });
      await until('four messages', () => log.messages.length === 4, () => log);
      const [text, json, binary, forgotten] = log.messages;
      assert.deepEqual([text.data, text.dataType, text.fromUserId, text.group], ['good morning', 'text', 'alice', 'lobby']);
      assert.deepEqual(json.data, { n: 1.5 });
      assert.deepEqual([...new Uint8Array(binary.data)], [1, 2, 255]);
      assert.equal(forgotten.data, 'gone');
      assert.deepEqual(log.messages.map((message) => message.sequenceId), name === 'reliable' ? [1, 2, 3, 4] : Array(4).fill(undefined));
      await alice.leaveGroup('lobby');
      await alice.sendToGroup('lobby', 'nobody hears', 'text');
      assert.equal(log.messages.length, 4);
    }));

    test('raises events, hears the answer before the acknowledgement, and invokes', () => withGateway({}, async ({ client }) => {
      const { client: alice, log } = await client('alice', protocol());
      await alice.sendEvent('checkout', { cart: ['a'] }, 'json');
      assert.deepEqual(log.server.map((message) => message.data), [{ cart: ['a'] }]);
      const result = await alice.invokeEvent('quote', { sku: 9 }, 'json');
      assert.deepEqual(result.data, { sku: 9 });
    }));

    test('is answered when it pings', () => withGateway({}, async ({ client, gateway }) => {
      await client('alice', protocol(), { keepAliveIntervalInMs: 20 });
      const said = async (word) => (await gateway.transcript()).some((entry) => JSON.stringify(entry).includes(word));
      await until('a ping and its pong', async () => (await said('ping')) && (await said('pong')));
    }));

    test('is told why something failed', () => withGateway({ webpubsub: { handlers: { broken: 'fail' } } }, async ({ client, gateway }) => {
      const { client: alice } = await client('alice', protocol());
      await gateway.fault('fail_commands', { name: 'Forbidden' });
      await assert.rejects(alice.joinGroup('lobby'), (error) => error.errorDetail?.name === 'Forbidden' || /Forbidden|refused|fault/.test(error.message));
      await assert.rejects(alice.sendEvent('broken', 'x', 'text'));
      await assert.rejects(alice.invokeEvent('broken', 'x', 'text'));
      await alice.joinGroup('lobby');
    }));

    test('streams to a group', () => withGateway({}, async ({ client }) => {
      const { client: alice } = await client('alice', protocol());
      const { client: bob } = await client('bob', protocol());
      const heard = [];
      let over = false;
      const subscription = bob.onGroupStream(async (stream) => {
        for await (const { data } of stream) heard.push(data);
        over = true;
      });
      await bob.joinGroup('captions');
      const writer = await alice.openGroupStream('captions');
      await writer.write('Hel', 'text');
      await writer.write('lo', 'text');
      await writer.end();
      await until('the pieces', () => heard.length === 2, () => heard);
      assert.deepEqual(heard, ['Hel', 'lo']);
      await until('the end', () => over, () => over);
      await subscription.close();
    }));
  });
}

describe('the official client, when things break', () => {
  for (const connectedAgain of [true, false]) {
    test(`recovers without loss or duplicate, and ${connectedAgain ? 'with' : 'without'} a second greeting`, () => withGateway(
      { webpubsub: { connected_after_recovery: connectedAgain } },
      async ({ client, gateway }) => {
        const { client: alice, log } = await client('alice');
        await alice.joinGroup('lobby');
        const publish = (n) => gateway.post('webpubsub/publish', { group: 'lobby', data: { n } });
        await publish(1);
        await until('the first message', () => log.messages.length === 1, () => log);
        await gateway.fault('cut', { how: 'reset' });
        for (const n of [2, 3, 4]) assert.deepEqual(await publish(n), { receivers: 1 });
        await until('what came meanwhile', () => log.messages.length >= 4, () => log);
        await publish(5);
        await until('the next', () => log.messages.length >= 5, () => log);
        assert.deepEqual(log.messages.map((message) => message.data.n), [1, 2, 3, 4, 5]);
        assert.equal(log.connected.length, 1);
        assert.equal(log.urls, 1, 'a recovery asks for no address');
        await alice.sendToGroup('lobby', 'still here', 'text');
      },
    ));
  }

  test('begins another session when recovery is refused, and joins its groups again', () => withGateway({}, async ({ client, gateway }) => {
    const { client: alice, log } = await client('alice');
    await alice.joinGroup('lobby');
    await gateway.fault('forget_sessions');
    await gateway.fault('cut', { how: 'reset' });
    await until('another session', () => log.connected.length === 2, () => log);
    assert.equal(log.disconnected, 1);
    assert.notEqual(log.connected[0].connectionId, log.connected[1].connectionId);
    assert.equal(log.urls, 2);
    await until('the group', async () => (await gateway.post('webpubsub/publish', { group: 'lobby', data: { n: 1 } })).receivers === 1);
    await until('a message', () => log.messages.length >= 1, () => log);
  }));

  test('leaves nothing behind when it stops', () => withGateway({}, async ({ client, gateway }) => {
    const { client: alice, log } = await client('alice');
    await alice.joinGroup('lobby');
    alice.stop();
    await until('`stopped`', () => log.stopped === 1, () => log);
    await until('the end of the session', async () => (await gateway.post('webpubsub/publish', { group: 'lobby', data: 1 })).receivers === 0);
  }));

  test('is not let in without a good token', () => withGateway({}, async ({ gateway }) => {
    const { url } = await gateway.post('webpubsub/url', {});
    const started = (address) => new WebPubSubClient(address, { autoReconnect: false, ...NO_PINGS }).start();
    await assert.rejects(started(`${url}x`));
    await assert.rejects(started(url.split('?')[0]));
    await assert.rejects(started(url.replace('hubs/chat', 'hubs/other')));
  }));
});
