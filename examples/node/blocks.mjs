// Watches a blockchain over GraphQL, and says where blocks may be missing.
//
//     TOKEN=… node blocks.mjs
//
// `GRAPHQL_URL` is for a server of your own. The token goes into the URL, where Bitquery wants it; no error or event shows it.

import { GraphQL } from 'topicwire';

const { GRAPHQL_URL = 'wss://streaming.bitquery.io/graphql', TOKEN } = process.env;

const graphql = new GraphQL(GRAPHQL_URL, { token: TOKEN, auth: 'query', authName: 'token' });
const blocks = graphql.subscribe('subscription { EVM(network: eth) { Blocks { Block { Number TxCount } } } }', {}, { dataTimeoutMs: 60_000 });

for await (const event of blocks.events()) {
  switch (event.kind) {
    case 'message':
      for (const { Block } of event.data.data.EVM.Blocks) console.log(`block ${Block.Number} with ${Block.TxCount} transactions`);
      break;
    case 'gap':
      // Here a program has something to do: read what came since `event.since` from an archive, say.
      console.log('blocks may be missing');
      break;
    case 'fault':
      console.log(event.error.message);
      break;
    default: // further kinds of events
  }
}
