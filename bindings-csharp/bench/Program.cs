// One client for `cargo xtask bench csharp`: PEER PORT SHAPE SIZE EVENTS. Prints what it used, as JSON.
using System;
using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Topicwire;

internal static class Program
{
    private const string Topic = "channel.activities";
    private const string Room = "64f0a1b2c3d4e5f607182930";

    private static async Task<int> Main(string[] arguments)
    {
        var (peer, server, shape, size, events) = (arguments[0], "ws://127.0.0.1:" + arguments[1], arguments[2], arguments[3], long.Parse(arguments[4], CultureInfo.InvariantCulture));
        var flood = $"{server}/flood/{shape}/{size}";
        switch (peer)
        {
            case "clientwebsocket":
                await Flood(flood, events, Socket);
                break;
            case "topicwire":
                await Flood(flood, events, (url, meter) => Ours(url, meter, true));
                break;
            case "topicwire-lazy":
                await Flood(flood, events, (url, meter) => Ours(url, meter, false));
                break;
            case "topicwire-filtered":
                await Filtered(flood, events);
                break;
            case "clientwebsocket-sparse":
                await Sparse(server, shape, size, events, one => Socket(one.Url, one.Meter));
                break;
            case "topicwire-sparse":
                await Sparse(server, shape, size, events, one => Ours(one.Url, one.Meter, true));
                break;
            case "clientwebsocket-echo":
                using (var socket = new System.Net.WebSockets.ClientWebSocket())
                {
                    await socket.ConnectAsync(new Uri(server + "/echo"), default);
                    await Echo(socket, events);
                }
                break;
            case "topicwire-echo":
                using (var socket = new Topicwire.ClientWebSocket())
                {
                    await socket.ConnectAsync(new Uri(server + "/echo"), default);
                    await Echo(socket, events);
                }
                break;
            default:
                Console.Error.WriteLine("no such peer: " + peer);
                return 1;
        }
        return 0;
    }

    private static async Task Flood(string url, long events, Func<string, Meter, Task> client)
    {
        // As many again before the clock runs, so that what is compiled at run time is compiled.
        var meter = new Meter(events / 2, events);
        await client(url, meter);
        meter.Report();
    }

    /// <summary>How it is done today: a buffer, messages put together, a document each.</summary>
    private static async Task Socket(string url, Meter meter)
    {
        using var socket = new System.Net.WebSockets.ClientWebSocket();
        await socket.ConnectAsync(new Uri(url), default);
        var buffer = new byte[64 << 10];
        await Receive(socket, buffer);
        var command = $"{{\"type\":\"subscribe\",\"nonce\":\"1\",\"data\":{{\"topic\":\"{Topic}\",\"room\":\"{Room}\",\"token\":\"token\",\"token_type\":\"jwt\"}}}}";
        await socket.SendAsync(Encoding.UTF8.GetBytes(command), WebSocketMessageType.Text, true, default);
        while (true)
        {
            var length = await Receive(socket, buffer);
            using var document = JsonDocument.Parse(new ReadOnlyMemory<byte>(buffer, 0, length));
            if (!document.RootElement.TryGetProperty("topic", out var topic)) continue;
            if (topic.GetString() != Topic || !document.RootElement.TryGetProperty("data", out _)) throw new Exception("another topic");
            if (meter.Count()) return;
        }
    }

    private static async ValueTask<int> Receive(WebSocket socket, byte[] buffer)
    {
        var length = 0;
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer.AsMemory(length), default);
            length += result.Count;
            if (result.EndOfMessage) return length;
        }
    }

    private static async Task Ours(string url, Meter meter, bool parse)
    {
        await using var astro = new Astro(new AstroOptions { Url = url, Token = "token", Overflow = StreamOverflow.Block });
        _ = astro.SubscribeAsync(Topic, Room);
        await foreach (var one in astro)
        {
            if (!(one is MessageEvent message)) continue;
            if (message.Topic != Topic) throw new Exception("another topic");
            if (parse && message.Data.ValueKind == JsonValueKind.Undefined) throw new Exception("no data");
            if (!meter.Count()) continue;
            astro.Dispose();
            return;
        }
    }

    private static async Task Filtered(string url, long events)
    {
        await using var astro = new Astro(new AstroOptions { Url = url, Token = "token" });
        astro.On("channel.nobody", message => throw new Exception("it was filtered"));
        _ = astro.SubscribeAsync(Topic, Room);
        while (astro.Statistics.Messages < events / 2) await Task.Delay(10);
        var meter = new Meter(0, 0);
        var before = astro.Statistics.Messages;
        meter.Start();
        while (astro.Statistics.Messages - before < events) await Task.Delay(10);
        meter.Report(astro.Statistics.Messages - before);
        astro.Dispose();
    }

    private static async Task Sparse(string server, string shape, string size, long connections, Func<(string Url, Meter Meter), Task> client)
    {
        var meter = new Meter(connections * 50, connections * 250);
        var clients = Enumerable.Range(0, (int)connections).Select(_ => client(($"{server}/sparse/{shape}/{size}", meter))).ToArray();
        await Task.WhenAny(clients);
        meter.Report();
        Environment.Exit(0);
    }

    private static async Task Echo(WebSocket socket, long events)
    {
        var payload = new byte[200];
        var buffer = new byte[1024];
        var times = new double[events];
        for (var at = -events / 4; at < events; at++)
        {
            var started = Stopwatch.GetTimestamp();
            await socket.SendAsync(payload.AsMemory(), WebSocketMessageType.Binary, true, default);
            await socket.ReceiveAsync(buffer.AsMemory(), default);
            if (at >= 0) times[at] = (Stopwatch.GetTimestamp() - started) * 1e6 / Stopwatch.Frequency;
        }
        Array.Sort(times);
        Console.WriteLine(FormattableString.Invariant($"{{\"p50_us\":{times[times.Length / 2]:F2}}}"));
    }

    /// <summary>Counts events, and measures from the one on which everything is warm.</summary>
    private sealed class Meter
    {
        private readonly long warm;
        private readonly long events;
        private readonly Stopwatch watch = new Stopwatch();
        private double cpu;
        private long seen;

        internal Meter(long warm, long events)
        {
            this.warm = warm;
            this.events = events;
        }

        /// <summary>True when all have been seen.</summary>
        internal bool Count()
        {
            var now = Interlocked.Increment(ref seen);
            if (now == warm) Start();
            return now >= warm + events;
        }

        internal void Start()
        {
            cpu = Cpu();
            watch.Start();
        }

        internal void Report(long? counted = null)
        {
            Console.WriteLine(FormattableString.Invariant(
                $"{{\"events\":{counted ?? events},\"seconds\":{watch.Elapsed.TotalSeconds:F4},\"cpu\":{Cpu() - cpu:F4},\"memory\":{Environment.WorkingSet}}}"));
        }

        private static double Cpu()
        {
            using var us = Process.GetCurrentProcess();
            return us.TotalProcessorTime.TotalSeconds;
        }
    }
}
