# StreamElements Websocket Client - Python Example
import asyncio
import json
import uuid
import websockets

async def connect_to_streamelements():
    uri = "wss://astro.streamelements.com"

    async with websockets.connect(uri) as websocket:
        print("Connected to StreamElements Astro")

        async for raw in websocket:
            message = json.loads(raw)
            msg_type = message.get("type")

            if msg_type == "welcome":
                print(f"Welcome received, client ID: {message['data']['client_id']}")

                # Subscribe to a topic after receiving welcome
                await websocket.send(json.dumps({
                    "type": "subscribe",
                    "nonce": str(uuid.uuid4()),
                    "data": {
                        "topic": "channel.activities",
                        "room": "YOUR_CHANNEL_ID",
                        "token": "YOUR_JWT_TOKEN",
                        "token_type": "jwt"
                    }
                }))

            elif msg_type == "response":
                if message.get("error"):
                    print(f"Error: {message['error']} - {message['data']['message']}")
                else:
                    print(f"Success: {message['data']['message']}")

            elif msg_type == "message":
                topic = message.get("topic")
                print(f"[{topic}] in room {message.get('room')}: {message.get('data')}")

                if topic == "channel.activities":
                    print(f"New activity: {message['data']}")
                elif topic == "channel.session.update":
                    print(f"Session update - Key: {message['data']['key']}")
                elif topic == "channel.session.reset":
                    print(f"Session reset: {message['data']['session']}")

            elif msg_type == "reconnect":
                print("Server is shutting down, reconnecting...")
                token = message["data"]["reconnect_token"]
                # Reconnect with the token
                new_uri = f"wss://astro.streamelements.com/?reconnect_token={token}"
                # Open new connection with new_uri...
                break

async def unsubscribe(websocket, topic, room=None):
    msg = {
        "type": "unsubscribe",
        "nonce": str(uuid.uuid4()),
        "data": {
            "topic": topic
        }
    }
    if room:
        msg["data"]["room"] = room
    await websocket.send(json.dumps(msg))

asyncio.run(connect_to_streamelements())
