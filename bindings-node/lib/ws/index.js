'use strict';

const { WebSocket } = require('./websocket.js');

/** What `ws` has beside its client is not here, and says so by name. @param {string} name */
const absent = (name) =>
  class {
    constructor() {
      throw new TypeError(`topicwire/ws has no ${name}: it is a client`);
    }
  };

module.exports = Object.assign(WebSocket, {
  WebSocket,
  WebSocketServer: absent('WebSocketServer'),
  Server: absent('Server'),
  createWebSocketStream() {
    throw new TypeError('topicwire/ws has no createWebSocketStream');
  },
});
