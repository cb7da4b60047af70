// What a program does on Mono, against a gateway at the port that is named: the echo, an Astro subscription, a GraphQL operation, the stand-in for ClientWebSocket.
using System;
using System.Collections.Generic;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Topicwire;

internal static class Program
{
    private static int passed;
    private static int failed;

    private static int Main(string[] arguments)
    {
        var server = "ws://127.0.0.1:" + arguments[0];
        Check("the echo answers", () => Echo(server + "/raw"));
        Check("a subscription is answered, and a handler is there for it", () => Subscribe(server + "/"));
        Check("an operation has its results", () => Operation(server + "/graphql"));
        Check("the stand-in for ClientWebSocket sends, receives and closes", () => StandIn(server + "/raw"));
        Check("a bad option is named", () =>
        {
            try
            {
                using var astro = new Astro(new AstroOptions { Url = "http://example.org/" });
            }
            catch (ArgumentException error) when (error.ParamName == "Url")
            {
                return Task.CompletedTask;
            }
            throw new Exception("it was taken");
        });
        Console.WriteLine($"{passed} passed, {failed} failed");
        return failed == 0 ? 0 : 1;
    }

    private static void Check(string name, Func<Task> test)
    {
        try
        {
            if (!Task.Run(test).Wait(TimeSpan.FromSeconds(30))) throw new TimeoutException("it hangs");
            passed++;
        }
        catch (Exception error)
        {
            failed++;
            Console.WriteLine($"FAILED {name}\n{error}");
        }
    }

    private static async Task Echo(string url)
    {
        await using var socket = new Raw(new RawOptions { Url = url });
        await socket.ConnectedAsync();
        await socket.SendAsync("päivää 🦉");
        var message = await socket.ReceiveAsync();
        if (message?.Text != "päivää 🦉") throw new Exception("something else came back");
    }

    private static async Task Subscribe(string url)
    {
        await using var astro = new Astro(new AstroOptions { Url = url, TokenProvider = cancellation => new ValueTask<string>("any") });
        var live = new TaskCompletionSource<bool>();
        astro.Subscribed += (sender, e) => live.TrySetResult(e.Confirmed);
        await astro.SubscribeAsync("channel.tips", "64f0a1b2c3d4e5f607182930");
        if (!await live.Task) throw new Exception("it was not confirmed");
    }

    private static async Task Operation(string url)
    {
        await using var graphql = new GraphQL(new GraphQLOptions { Url = url });
        var count = 0;
        var variables = new Dictionary<string, object?> { ["n"] = 3 };
        await foreach (var result in graphql.Subscribe("subscription ($n: Int!) { ticks(n: $n, intervalMs: 1) { seq } }", variables)) count += result.Raw.Length > 0 ? 1 : 0;
        if (count != 3) throw new Exception("there were " + count);
    }

    private static async Task StandIn(string url)
    {
        using var socket = new Topicwire.ClientWebSocket();
        await socket.ConnectAsync(new Uri(url), CancellationToken.None);
        await socket.SendAsync(new ArraySegment<byte>(Encoding.UTF8.GetBytes("hello")), WebSocketMessageType.Text, true, CancellationToken.None);
        var result = await socket.ReceiveAsync(new ArraySegment<byte>(new byte[10]), CancellationToken.None);
        if (result.Count != 5) throw new Exception("something else came back");
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
        if (socket.State != WebSocketState.Closed) throw new Exception("it is " + socket.State);
    }
}
