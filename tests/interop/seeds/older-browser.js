// StreamElements Websocket Client - Browser Example
const websocket = new WebSocket('wss://astro.streamelements.com');

// Connection opened
websocket.addEventListener('open', (event) => {
  console.log('Connected to StreamElements Astro');
  
  // Subscribe to a topic
  const subscribeMessage = {
    type: 'subscribe',
    nonce: crypto.randomUUID(),
    data: {
      topic: 'channel.follow',
      room: 'channelId123', // Optional: defaults to authenticated channel if not specified
      token: 'YOUR_JWT_TOKEN',
      token_type: 'jwt'
    }
  };
  
  websocket.send(JSON.stringify(subscribeMessage));
});

// Listen for messages
websocket.addEventListener('message', (event) => {
  const message = JSON.parse(event.data);
  console.log('Message from server:', message);
  
  // Handle different message types
  if (message.type === 'response') {
    console.log('Received response:', message);
  } else if (message.type === 'message') {
    console.log('Received notification:', message);
    // Process the notification based on the topic
    if (message.topic === 'channel.follow') {
      // Handle follow event
      console.log('New follower:', message.data);
    } else if (message.topic === 'channel.session.update') {
      // Handle session update event
      console.log('Session update - Key:', message.data.key);
      console.log('Session update - Data:', message.data.data);
      
      // Example: Handle latest follower update
      if (message.data.key === 'latest_follower') {
        console.log('Latest follower updated:', message.data.data.name);
        // Update UI or trigger actions based on this event
      }
    } else if (message.topic === 'channel.session.reset') {
      // Handle session reset event
      console.log('Session reset - Full session data:', message.data.session);
      
      // Process reset session data
      const session = message.data.session;
      console.log('Current follower count:', session.follower_count);
      console.log('Latest follower:', session.latest_follower?.name);
    }
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

// Example of unsubscribing from a topic
function unsubscribe(topic, room) {
  const unsubscribeMessage = {
    type: 'unsubscribe',
    nonce: crypto.randomUUID(),
    data: {
      topic: topic,
      room: room, // Optional: if not specified, unsubscribes from all rooms for this topic
      token: 'YOUR_JWT_TOKEN',
      token_type: 'jwt'
    }
  };
  
  websocket.send(JSON.stringify(unsubscribeMessage));
}
