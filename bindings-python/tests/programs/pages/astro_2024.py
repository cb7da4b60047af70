# StreamElements Websocket Client - Python Example
import asyncio
import json
import uuid
import websockets

async def connect_to_streamelements():
    uri = "wss://astro.streamelements.com"
    
    async with websockets.connect(uri) as websocket:
        print("Connected to StreamElements Astro")
        
        # Subscribe to a topic
        subscribe_message = {
            "type": "subscribe",
            "nonce": str(uuid.uuid4()),
            "data": {
                "topic": "channel.follow",
                "room": "channelId123",  # Optional: defaults to authenticated channel if not specified
                "token": "YOUR_JWT_TOKEN",
                "token_type": "jwt"
            }
        }
        
        await websocket.send(json.dumps(subscribe_message))
        
        # Listen for messages
        while True:
            try:
                response = await websocket.recv()
                message = json.loads(response)
                print(f"Message from server: {message}")
                
                # Handle different message types
                if message.get("type") == "response":
                    print(f"Received response: {message}")
                elif message.get("type") == "message":
                    print(f"Received notification: {message}")
                    # Process the notification based on the topic
                    if message.get("topic") == "channel.follow":
                        # Handle follow event
                        print(f"New follower: {message.get('data')}")
                    elif message.get("topic") == "channel.session.update":
                        # Handle session update event
                        print(f"Session update - Key: {message.get('data').get('key')}")
                        print(f"Session update - Data: {message.get('data').get('data')}")
                        
                        # Example: Handle latest follower update
                        if message.get("data").get("key") == "latest_follower":
                            print(f"Latest follower updated: {message.get('data').get('data').get('name')}")
                    elif message.get("topic") == "channel.session.reset":
                        # Handle session reset event
                        print(f"Session reset - Full session data: {message.get('data').get('session')}")
                        
                        # Process reset session data
                        session = message.get("data").get("session")
                        print(f"Current follower count: {session.get('follower_count')}")
                        print(f"Latest follower: {session.get('latest_follower')}")
            except websockets.exceptions.ConnectionClosed:
                print("Connection closed")
                break
            except Exception as e:
                print(f"Error: {e}")
                break

# Example of unsubscribing from a topic
async def unsubscribe(websocket, topic, room=None):
    unsubscribe_message = {
        "type": "unsubscribe",
        "nonce": str(uuid.uuid4()),
        "data": {
            "topic": topic,
            "token": "YOUR_JWT_TOKEN",
            "token_type": "jwt"
        }
    }
    
    # Add room if specified
    if room:
        unsubscribe_message["data"]["room"] = room
    
    await websocket.send(json.dumps(unsubscribe_message))

# Run the client
asyncio.run(connect_to_streamelements())
