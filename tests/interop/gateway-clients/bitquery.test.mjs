// The programs of Bitquery's documentation, against our gateway in Bitquery's manners. Only address, token and the place of the token are filled in.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { startGateway } from '../harness/gateway.mjs';
import { here, python, startProgram } from '../harness/process.mjs';
import { until } from '../harness/until.mjs';

const TOKEN = 'a-token-for-tests';
const MANNERS = { bitquery: true, token: TOKEN, token_place: 'query', ka_ms: 20 };

describe("Bitquery's own programs", () => {
  let gateway;
  let program;
  let folder;
  beforeEach(async () => {
    gateway = await startGateway({ graphql: MANNERS });
    folder = mkdtempSync(join(tmpdir(), 'topicwire-'));
  });
  afterEach(async () => {
    await program.stop();
    await gateway.stop();
    rmSync(folder, { recursive: true });
  });

  const running = () => until(
    'the operation',
    async () => (await gateway.connections()).some(({ state }) => state.operations.length > 0),
    () => program.output,
  );
  const printed = (pattern) => until(`the program to print ${pattern}`, () => pattern.test(program.output), () => program.output);
  const fill = (file) => readFileSync(here(`seeds/${file}`), 'utf8').replaceAll('wss://streaming.bitquery.io/graphql', gateway.graphql);

  function startNode(token) {
    const config = join(folder, 'config.json');
    writeFileSync(config, JSON.stringify({ oauthtoken: token }));
    program = startProgram(process.execPath, ['--input-type=commonjs', '-e', fill('bitquery-node.cjs').replace('./config.json', config)], { cwd: here('.') });
  }

  test('Node.js with ws: keep-alives, data, and the end', async () => {
    startNode(TOKEN);
    await running();
    await printed(/Connection acknowledged by server\./);
    await printed(/Keep-alive message received\./);
    await gateway.post('graphql/publish', { field: 'Tron', data: { Transfers: [{ Transfer: { Amount: '1.5' } }] } });
    await printed(/Received data from Bitquery: \{ Tron: /);
    assert.doesNotMatch(program.output, /Unhandled|Error/);
    await gateway.fault('close', { code: 1013, reason: 'client is not consuming messages fast enough' });
    await printed(/Disconnected from Bitquery\./);
  });

  test('Node.js with ws: a wrong token', async () => {
    startNode('wrong');
    await printed(/WebSocket Error: .*401/);
  });

  test('Python with gql: data', async () => {
    // gql 4 sends a list of its own beside the header of the page; a server that takes RFC 6455 by its word, as npm `ws` and our gateway do, answers
    // 400 to a value that occurs twice. Its `subprotocols` says the same once.
    const once = fill('bitquery-python.py').replace('ory_at_...', TOKEN).replace('headers={"Sec-WebSocket-Protocol": "graphql-ws"}', 'subprotocols=["graphql-ws"]');
    program = startProgram(python, ['-u', '-c', once]);
    await running();
    await printed(/^Connected$/m);
    await gateway.post('graphql/publish', { field: 'EVM', data: { count: [{ Block: { TxCount: 7 } }] } });
    await printed(/'TxCount': 7/);
  });
});
