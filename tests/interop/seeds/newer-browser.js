// StreamElements Websocket Client - Browser Example
const websocket = new WebSocket('wss://astro.streamelements.com');
// Connection opened
websocket.addEventListener('open', (event) => {
  console.log('Connected to StreamElements Astro');
});
// Listen for messages
websocket.addEventListener('message', (event) => {
  const message = JSON.parse(event.data);
  switch (message.type) {
    case 'welcome':
      console.log('Welcome received, client ID:', message.data.client_id);
      // Subscribe to a topic after receiving welcome
      websocket.send(JSON.stringify({
        type: 'subscribe',
        nonce: crypto.randomUUID(),
        data: {
          topic: 'channel.activities',
          room: 'YOUR_CHANNEL_ID',
          token: 'YOUR_JWT_TOKEN',
          token_type: 'jwt'
        }
      }));
      break;
    case 'response':
      if (message.error) {
        console.error('Error:', message.error, message.data.message);
      } else {
        console.log('Success:', message.data.message);
      }
      break;
    case 'message':
      console.log(`[${message.topic}] in room ${message.room}:`, message.data);
      if (message.topic === 'channel.activities') {
        console.log('New activity:', message.data.type, message.data);
      } else if (message.topic === 'channel.session.update') {
        console.log('Session update - Key:', message.data.key);
        console.log('Session update - Data:', message.data.data);
      } else if (message.topic === 'channel.session.reset') {
        console.log('Session reset - Full session data:', message.data.session);
      }
      break;
    case 'reconnect':
      console.log('Server is shutting down, reconnecting...');
      const token = message.data.reconnect_token;
      // Open a new connection with the reconnect token
      const newWs = new WebSocket(
        `wss://astro.streamelements.com/?reconnect_token=${token}`
      );
      // Transfer your event listeners to newWs...
      break;
  }
});
// Connection error
websocket.addEventListener('error', (event) => {
  console.error('WebSocket error:', event);
});
// Connection closed
websocket.addEventListener('close', (event) => {
  console.log('Connection closed:', event.code, event.reason);
  // Implement reconnection logic here if needed
});
// Unsubscribe from a specific room
function unsubscribe(topic, room) {
  websocket.send(JSON.stringify({
    type: 'unsubscribe',
    nonce: crypto.randomUUID(),
    data: {
      topic: topic,
      room: room
    }
  }));
}
// Unsubscribe from all rooms for a topic
function unsubscribeAll(topic) {
  websocket.send(JSON.stringify({
    type: 'unsubscribe',
    nonce: crypto.randomUUID(),
    data: {
      topic: topic
    }
  }));
}
