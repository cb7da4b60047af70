// StreamElements Websocket Client - C# Example
using System;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using System.Text.Json;

class StreamElementsClient
{
    private ClientWebSocket webSocket;
    private CancellationTokenSource cts;
    
    public async Task ConnectAsync()
    {
        webSocket = new ClientWebSocket();
        cts = new CancellationTokenSource();
        
        try
        {
            await webSocket.ConnectAsync(new Uri("wss://astro.streamelements.com"), cts.Token);
            Console.WriteLine("Connected to StreamElements Astro");
            
            // Subscribe to a topic
            var subscribeMessage = new
            {
                type = "subscribe",
                nonce = Guid.NewGuid().ToString(),
                data = new
                {
                    topic = "channel.follow",
                    room = "channelId123", // Optional: defaults to authenticated channel if not specified
                    token = "YOUR_JWT_TOKEN",
                    token_type = "jwt"
                }
            };
            
            await SendMessageAsync(subscribeMessage);
            
            // Start receiving messages
            await ReceiveMessagesAsync();
        }
        catch (Exception ex)
        {
            Console.WriteLine($"Error connecting: {ex.Message}");
        }
    }
    
    private async Task SendMessageAsync(object message)
    {
        string json = JsonSerializer.Serialize(message);
        byte[] buffer = Encoding.UTF8.GetBytes(json);
        await webSocket.SendAsync(new ArraySegment<byte>(buffer), WebSocketMessageType.Text, true, cts.Token);
    }
    
    private async Task ReceiveMessagesAsync()
    {
        byte[] buffer = new byte[4096];
        
        while (webSocket.State == WebSocketState.Open)
        {
            try
            {
                WebSocketReceiveResult result = await webSocket.ReceiveAsync(new ArraySegment<byte>(buffer), cts.Token);
                
                if (result.MessageType == WebSocketMessageType.Text)
                {
                    string json = Encoding.UTF8.GetString(buffer, 0, result.Count);
                    Console.WriteLine($"Message received: {json}");
                    
                    // Parse and handle the message
                    using (JsonDocument doc = JsonDocument.Parse(json))
                    {
                        JsonElement root = doc.RootElement;
                        string messageType = root.GetProperty("type").GetString();
                        
                        if (messageType == "response")
                        {
                            Console.WriteLine("Received response");
                        }
                        else if (messageType == "message")
                        {
                            string topic = root.GetProperty("topic").GetString();
                            Console.WriteLine($"Received notification for topic: {topic}");
                            
                            if (topic == "channel.follow")
                            {
                                // Handle follow event
                                Console.WriteLine("New follower event received");
                            }
                            else if (topic == "channel.session.update")
                            {
                                // Handle session update event
                                Console.WriteLine("Session update event received");
                                
                                // Example: Handle latest follower update
                                JsonElement data = root.GetProperty("data");
                                if (data.TryGetProperty("key", out JsonElement key) && key.GetString() == "latest_follower")
                                {
                                    Console.WriteLine("Latest follower updated");
                                    // Update UI or trigger actions based on this event
                                }
                            }
                            else if (topic == "channel.session.reset")
                            {
                                // Handle session reset event
                                Console.WriteLine("Session reset event received");
                                
                                // Process reset session data
                                JsonElement session = root.GetProperty("session");
                                Console.WriteLine($"Current follower count: {session.GetProperty("follower_count").GetInt32()}");
                                Console.WriteLine($"Latest follower: {session.GetProperty("latest_follower").GetString()}");
                            }
                        }
                    }
                }
                else if (result.MessageType == WebSocketMessageType.Close)
                {
                    await webSocket.CloseAsync(WebSocketCloseStatus.NormalClosure, "Connection closed by server", cts.Token);
                    Console.WriteLine("Connection closed");
                    break;
                }
            }
            catch (Exception ex)
            {
                Console.WriteLine($"Error receiving message: {ex.Message}");
                break;
            }
        }
    }
    
    public async Task UnsubscribeAsync(string topic, string room = null)
    {
        var data = new
        {
            topic = topic,
            token = "YOUR_JWT_TOKEN",
            token_type = "jwt"
        };
        
        // If room is specified, add it to the data object
        var unsubscribeMessage = new
        {
            type = "unsubscribe",
            nonce = Guid.NewGuid().ToString(),
            data = room != null ? (object)new { topic, room, token = "YOUR_JWT_TOKEN", token_type = "jwt" } : data
        };
        
        await SendMessageAsync(unsubscribeMessage);
    }
    
    public void Disconnect()
    {
        if (webSocket.State == WebSocketState.Open)
        {
            webSocket.CloseAsync(WebSocketCloseStatus.NormalClosure, "Client disconnecting", cts.Token).Wait();
        }
        
        cts.Cancel();
    }
}

// Usage example
class Program
{
    static async Task Main(string[] args)
    {
        var client = new StreamElementsClient();
        await client.ConnectAsync();
        
        // Keep the application running
        Console.WriteLine("Press any key to disconnect...");
        Console.ReadKey();
        
        client.Disconnect();
    }
}
