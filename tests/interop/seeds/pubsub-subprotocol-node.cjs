const WebSocket = require('ws');

const client = new WebSocket("<Client_URL_From_Portal>", "json.webpubsub.azure.v1");

client.on('open', () => {
     // Do things when the WebSocket connection is established
});
client.on('message', msg => {
     // Do things when messages are received.
});
