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
        byte[] buffer = new byte[40960];
        while (webSocket.State == WebSocketState.Open)
        {
            try
            {
                WebSocketReceiveResult result = await webSocket.ReceiveAsync(new ArraySegment<byte>(buffer), cts.Token);
                if (result.MessageType == WebSocketMessageType.Text)
                {
                    string json = Encoding.UTF8.GetString(buffer, 0, result.Count);
                    using (JsonDocument doc = JsonDocument.Parse(json))
                    {
                        JsonElement root = doc.RootElement;
                        string messageType = root.GetProperty("type").GetString();
                        switch (messageType)
                        {
                            case "welcome":
                            Console.WriteLine($"Welcome received, client ID: {root.GetProperty("data").GetProperty("client_id").GetString()}");
                            // Subscribe to a topic after receiving welcome
                            await SendMessageAsync(new
                            {
                                type = "subscribe",
                                nonce = Guid.NewGuid().ToString(),
                                data = new
                                {
                                    topic = "channel.activities",
                                    room = "YOUR_CHANNEL_ID",
                                    token = "YOUR_JWT_TOKEN",
                                    token_type = "jwt"
                                }
                            });
                            break;
                            case "response":
                            if (root.TryGetProperty("error", out JsonElement error))
                            {
                                Console.WriteLine($"Error: {error.GetString()} - {root.GetProperty("data").GetProperty("message").GetString()}");
                            }
                            else
                            {
                                Console.WriteLine($"Success: {root.GetProperty("data").GetProperty("message").GetString()}");
                            }
                            break;
                            case "message":
                            string topic = root.GetProperty("topic").GetString();
                            Console.WriteLine($"[{topic}] in room {root.GetProperty("room").GetString()}");
                            if (topic == "channel.activities")
                            {
                                Console.WriteLine("New activity received");
                            }
                            else if (topic == "channel.session.update")
                            {
                                JsonElement data = root.GetProperty("data");
                                Console.WriteLine($"Session update - Key: {data.GetProperty("key").GetString()}");
                            }
                            else if (topic == "channel.session.reset")
                            {
                                Console.WriteLine("Session reset received");
                            }
                            break;
                            case "reconnect":
                            string reconnectToken = root.GetProperty("data").GetProperty("reconnect_token").GetString();
                            Console.WriteLine("Server is shutting down, reconnecting...");
                            // Reconnect with: wss://astro.streamelements.com/?reconnect_token={reconnectToken}
                            break;
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
        var data = room != null
            ? (object)new { topic, room }
            : new { topic };
        await SendMessageAsync(new
        {
            type = "unsubscribe",
            nonce = Guid.NewGuid().ToString(),
            data
        });
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
class Program
{
    static async Task Main(string[] args)
    {
        var client = new StreamElementsClient();
        await client.ConnectAsync();
        Console.WriteLine("Press any key to disconnect...");
        Console.ReadKey();
        client.Disconnect();
    }
}
