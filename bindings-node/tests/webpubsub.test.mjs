// The client of Azure Web PubSub, against the local gateway.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { GatewayError, OptionError, UsageError, WebPubSub } from 'topicwire';
import { LocalGateway } from 'topicwire/testing';

const FAST = { reconnect: { initialMs: 10, maxMs: 50 } };

/** @type {LocalGateway} */
let gateway;

before(async () => {
  gateway = await LocalGateway.start();
});
after(() => gateway.close());
beforeEach(() => gateway.fault('clear'));

async function connected(options = {}, access = {}) {
  const hub = new WebPubSub(await gateway.accessUrl(access), options);
  await hub.connect();
  return hub;
}

/** Messages in order, taken one at a time. */
function messages(hub) {
  const stream = hub.stream({ kinds: ['message'] });
  return async () => (await stream.next()).value;
}

/** Resolves when what is awaited has happened: handlers call it after each event. */
function condition() {
  let look = () => {};
  return {
    changed: () => look(),
    until: (reached) =>
      new Promise((resolve) => {
        look = () => reached() && resolve();
        look();
      }),
  };
}

for (const protocol of ['json', 'reliable_json', 'protobuf', 'reliable_protobuf']) {
  test(`${protocol}: what is sent to a group comes back as what it was`, async () => {
    const hub = await connected({ protocol }, { user: 'maya' });
    const next = messages(hub);
    const group = `lobby-${protocol}`;
    assert.deepEqual({ ...(await hub.joinGroup(group)), id: 0 }, { id: 0, topic: 'group', room: group });
    for (const data of [{ n: 1.5, text: 'päivää' }, 'some text', Buffer.from([0, 255])]) {
      const { ackId, isDuplicated } = await hub.sendToGroup(group, data);
      assert.ok(ackId > 0 && !isDuplicated);
      const message = await next();
      assert.deepEqual([message.topic, message.room, message.data], ['group', group, data]);
      assert.equal(message.id !== null, protocol.startsWith('reliable'));
    }
    assert.ok(await hub.sendToGroup(group, 1, undefined, { noEcho: true }));
    assert.equal(await hub.sendToGroup(group, 2, 'json', { fireAndForget: true }), null);
    assert.equal((await next()).data, 2);
    await hub.leaveGroup(group);
    assert.equal(await gateway.publishToGroup(group, 3), 0);
    await hub.stop();
  });
}

test('with envelopes a message says who sent it, and data that looks like one does not', async () => {
  const hub = await connected({ envelopes: true }, { user: 'maya' });
  const plain = await connected({}, { user: 'finn' });
  const [next, other] = [messages(hub), messages(plain)];
  await hub.joinGroup('envelopes');
  await plain.joinGroup('envelopes');
  const forged = { from: 'group', group: 'envelopes', from_user_id: 'finn', data_type: 'text', data: 'hello' };
  await hub.sendToGroup('envelopes', forged);
  const { typed, data } = await next();
  assert.deepEqual([typed.from_user_id, typed.data, data.data_type], ['maya', forged, 'json']);
  assert.equal((await other()).typed, null);
  await Promise.all([hub.stop(), plain.stop()]);
});

test('what is said beside the data comes with it', async () => {
  const hub = await connected({ envelopes: true });
  const next = messages(hub);
  await hub.joinGroup('metadata');
  await hub.sendToGroup('metadata', 'hello', 'text', { metadata: { traceId: 'a1' }, ttlSeconds: 60 });
  assert.deepEqual((await next()).data.metadata, { traceId: 'a1' });
  await hub.sendEvent('ask', 1, 'json', { metadata: { traceId: 'a2' } });
  await assert.rejects(hub.sendToGroup('metadata', 1, 'json', { metadata: { '': 'x' } }), /metadata/);
  await assert.rejects(hub.sendToGroup('metadata', 1, 'json', { ttlSeconds: 301 }), /ttl_seconds/);
  await hub.stop();
});

test('events and invocations are answered by the server', async () => {
  const hub = await connected();
  const heard = new Promise((resolve) => hub.once('server-message', resolve));
  await hub.sendEvent('ask', { n: 1 });
  const { topic, room, data } = await heard;
  assert.deepEqual([topic, room, data], ['server', null, { n: 1 }]);
  assert.deepEqual(await hub.invoke('ask', { n: 2 }), { dataType: 'json', data: { n: 2 } });
  assert.deepEqual(await hub.invoke('ask', 'text'), { dataType: 'text', data: 'text' });
  assert.deepEqual(await hub.invoke('ask', new Uint8Array([0, 255])), { dataType: 'binary', data: Buffer.from([0, 255]) });
  await hub.stop();
});

test('a stream is heard piece by piece', async () => {
  const hub = await connected();
  const next = messages(hub);
  await hub.joinGroup('captions');
  const stream = await hub.startStream('captions', { streamId: 'st' });
  await stream.send('Hel');
  await stream.send('lo');
  await stream.end();
  await stream.end();
  const pieces = [];
  do pieces.push((await next()).data);
  while (!pieces.at(-1).stream.end);
  assert.deepEqual(
    pieces.slice(0, 2).map((piece) => [piece.data, piece.stream.stream_id]),
    [
      ['Hel', 'st'],
      ['lo', 'st'],
    ],
  );
  await hub.stop();
});

test('a lost connection is recovered without loss', async () => {
  const hub = await connected(FAST);
  const heard = [];
  const { changed, until } = condition();
  const hear = (what) => (event) => {
    heard.push(what ?? event.data);
    changed();
  };
  for (const name of ['recovering', 'recovered', 'disconnected']) hub.on(name, hear(name));
  hub.on('group-message', hear());
  await hub.joinGroup('recovery');
  await gateway.publishToGroup('recovery', 1);
  await gateway.fault('cut', { how: 'reset' });
  await gateway.publishToGroup('recovery', 2);
  await until(() => heard.includes('recovered') && heard.includes(2));
  await gateway.publishToGroup('recovery', 3);
  await until(() => heard.includes(3));
  assert.deepEqual(
    heard.filter((one) => typeof one === 'number'),
    [1, 2, 3],
  );
  assert.ok(heard.includes('recovering') && !heard.includes('disconnected'));
  await hub.stop();
});

test('another session asks for another address, joins the groups again, and says why the last one ended', async () => {
  const [ends, begun, urls, gaps] = [[], [], [], []];
  const { changed, until } = condition();
  const hub = new WebPubSub(async () => {
    urls.push(await gateway.accessUrl());
    return urls.at(-1);
  }, FAST);
  hub.on('connected', (event) => (begun.push(JSON.parse(event.greeting).connection_id), changed()));
  hub.on('disconnected', (event) => (ends.push(event), changed()));
  hub.on('gap', (event) => (gaps.push(event), changed()));
  await hub.connect();
  const { id } = await hub.joinGroup('sessions');
  await gateway.fault('close', { code: 1008, reason: 'moved' });
  await until(() => begun.length === 2 && gaps.length > 0);
  while ((await gateway.publishToGroup('sessions', 1)) === 0);
  assert.deepEqual([urls.length, new Set(begun).size, ends.length], [2, 2, 1]);
  assert.deepEqual([ends[0].cause.gatewayCode, ends[0].cause.gatewayText], ['1008', 'moved']);
  assert.deepEqual(gaps[0].subscriptions, [id]);
  await hub.stop();
});

test('where a recovery is refused a gap says so, and the group is joined again', async () => {
  const hub = await connected(FAST);
  const { changed, until } = condition();
  let gap = null;
  hub.on('gap', (event) => ((gap = event), changed()));
  const { id } = await hub.joinGroup('refused');
  await gateway.fault('refuse_recoveries');
  await gateway.fault('cut', { how: 'reset' });
  await until(() => gap !== null);
  assert.deepEqual(gap.subscriptions, [id]);
  while ((await gateway.publishToGroup('refused', 1)) === 0);
  await hub.stop();
});

test('it can be stopped before it connects, while it does, and while its provider hangs', async () => {
  await new WebPubSub(await gateway.accessUrl()).stop();
  await gateway.fault('hang_upgrades', { count: 1 });
  const dialing = new WebPubSub(await gateway.accessUrl());
  const connecting = assert.rejects(dialing.connect(), { code: 'closed' });
  await dialing.stop();
  await connecting;
  let aborted = null;
  const asked = condition();
  const hanging = new WebPubSub(({ signal }) => ((aborted = signal), asked.changed(), new Promise(() => {})));
  const waiting = assert.rejects(hanging.connect(), { code: 'closed' });
  await asked.until(() => aborted !== null);
  await hanging.stop();
  await waiting;
  assert.equal(aborted.aborted, true);
});

test('what the service refuses rejects with its name', async () => {
  const hub = await connected({}, { roles: [] });
  await assert.rejects(hub.joinGroup('lobby'), (error) => error instanceof GatewayError && error.gatewayCode === 'Forbidden');
  await hub.stop();
});

test('options and data that cannot work are refused at once, and no address is shown', async () => {
  const secret = 'wss://example.org/client/hubs/h?access_token=sesame';
  for (const options of [{ ackMessages: 0 }, { protocol: 'smoke' }, { simpleGroup: 'g' }, { protocoll: 'json' }]) {
    assert.throws(() => new WebPubSub(secret, options), (error) => error instanceof OptionError && !String(error).includes('sesame'));
  }
  assert.throws(() => new WebPubSub(7), /option `url`/);
  const hub = await connected();
  const circle = {};
  circle.circle = circle;
  for (const [data, type] of [[circle], [undefined], [1n], [1, 'text'], ['text', 'binary']]) {
    await assert.rejects(hub.sendToGroup('lobby', data, type), OptionError);
  }
  await hub.stop();
});

test('aborting takes a command back', async () => {
  const hub = await connected();
  await gateway.fault('mute');
  const abort = new AbortController();
  const joining = hub.joinGroup('lobby', { signal: abort.signal });
  abort.abort(new Error('no longer'));
  await assert.rejects(joining, /no longer/);
  hub.abort();
});

test('simple mode has messages and nothing else', async () => {
  const hub = await connected({ protocol: 'simple' });
  const next = messages(hub);
  await hub.send('hello');
  assert.equal((await next()).data, 'hello');
  await assert.rejects(hub.joinGroup('lobby'), UsageError);
  await hub.stop();
});

test('it can be stopped while it recovers, and twice', async () => {
  const hub = await connected();
  const { changed, until } = condition();
  let [recovering, stopped] = [false, 0];
  hub.on('recovering', () => ((recovering = true), changed()));
  hub.on('stopped', ({ cause }) => (stopped += cause === null ? 1 : 100));
  await gateway.fault('hang_upgrades', { count: 100 });
  await gateway.fault('cut', { how: 'reset' });
  await until(() => recovering);
  await hub.stop();
  await hub.stop();
  assert.deepEqual([stopped, hub.state], [1, 'closed']);
});

test('handlers of sessions are taken back like any other', async () => {
  const hub = await connected();
  const { changed, until } = condition();
  const [seen, all] = [[], []];
  const listener = ({ data }) => seen.push(data);
  hub.on('group-message', listener);
  hub.on('group-message', ({ data }) => (all.push(data), changed()));
  await hub.joinGroup('handlers');
  await hub.sendToGroup('handlers', 1);
  await until(() => all.length === 1);
  hub.off('group-message', listener);
  await hub.sendToGroup('handlers', 2);
  await until(() => all.length === 2);
  hub.once('group-message', listener);
  await hub.sendToGroup('handlers', 3);
  await hub.sendToGroup('handlers', 4);
  await until(() => all.length === 4);
  await hub.stop();
  assert.deepEqual(seen, [1, 3]);
});

test('a handler that was registered twice is called twice, once or always, and taken back whole', async () => {
  const hub = await connected();
  const { changed, until } = condition();
  let [calls, all] = [0, 0];
  const listener = () => (calls += 1);
  hub.once('group-message', listener);
  hub.on('group-message', listener);
  hub.on('group-message', () => ((all += 1), changed()));
  await hub.joinGroup('twice');
  for (let n = 1; n <= 2; n += 1) {
    await hub.sendToGroup('twice', n);
    await until(() => all === n);
  }
  assert.equal(calls, 3);
  hub.on('group-message', listener);
  hub.off('group-message', listener);
  await hub.sendToGroup('twice', 3);
  await until(() => all === 3);
  assert.equal(calls, 3);
  await hub.stop();
});
