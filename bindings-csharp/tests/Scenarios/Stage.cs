using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Topicwire.Interop;
using Topicwire.Runtime;

namespace Topicwire.Tests.Scenarios
{
    /// <summary>Plays one scenario: a server that follows the steps, a client that is told its commands, and lanes that hear everything.</summary>
    internal sealed class Stage : IDisposable
    {
        private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

        private readonly TcpListener listener = new TcpListener(IPAddress.Loopback, 0);
        private readonly Client client;
        private readonly List<LaneReader> lanes = new List<LaneReader>();
        private readonly List<TopicwireEvent> heard = new List<TopicwireEvent>();
        private readonly SemaphoreSlim news = new SemaphoreSlim(0);
        private readonly Dictionary<string, Peer> peers = new Dictionary<string, Peer>();
        private readonly Dictionary<ulong, string> names = new Dictionary<ulong, string>();
        private readonly Pattern kept = new Pattern();
        private ulong requests;
        private int answered;

        private Stage(JsonElement options)
        {
            listener.Start();
            client = new Client(Address(options, ((IPEndPoint)listener.LocalEndpoint).Port));
            foreach (var role in new[] { "data", "reply", "service" })
            {
                var reader = new LaneReader(this);
                reader.Attach(client.OpenLane(Dispatcher.Poller, $"{{\"role\":\"{role}\",\"token\":{reader.Token}}}", 0, null, null));
                lanes.Add(reader);
                _ = Listen(reader);
            }
            client.Connect();
        }

        internal static async Task Play(string file)
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            var scenario = document.RootElement;
            using var stage = new Stage(scenario.GetProperty("options"));
            var at = 0;
            foreach (var step in scenario.GetProperty("steps").EnumerateArray())
            {
                at++;
                var one = step.EnumerateObject().Single();
                var playing = stage.Step(one.Name, one.Value);
                if (await Task.WhenAny(playing, Task.Delay(Soon)) != playing) throw new Exception($"step {at}: {step}: it does not happen; heard:\n  {string.Join("\n  ", stage.Lines())}");
                try
                {
                    await playing;
                }
                catch (Exception error)
                {
                    throw new Exception($"step {at}: {step}: {error.Message}", error);
                }
            }
            var expected = scenario.GetProperty("events").EnumerateArray().ToList();
            var deadline = DateTime.UtcNow + Soon;
            while (Report.Difference(expected, stage.Lines()) is { } difference)
            {
                if (!await stage.news.WaitAsync(TimeSpan.FromMilliseconds(200)) && DateTime.UtcNow > deadline) throw new Exception(difference);
            }
        }

        private static string Address(JsonElement options, int port)
        {
            using var stream = new MemoryStream();
            using (var to = new Utf8JsonWriter(stream))
            {
                to.WriteStartObject();
                foreach (var member in options.EnumerateObject().Where(one => one.Name != "connection")) member.WriteTo(to);
                to.WriteString("url", $"ws://127.0.0.1:{port}/");
                to.WriteStartObject("connection");
                if (options.TryGetProperty("connection", out var connection))
                {
                    foreach (var member in connection.EnumerateObject()) member.WriteTo(to);
                }
                to.WriteBoolean("no_proxy", true);
                to.WriteEndObject();
                to.WriteEndObject();
            }
            return Encoding.UTF8.GetString(stream.ToArray());
        }

        private async Task Listen(LaneReader reader)
        {
            while (true)
            {
                if (reader.TryNext() is { } one)
                {
                    Keep(one);
                    continue;
                }
                if (reader.Finished) return;
                await reader.WaitAsync(default);
            }
        }

        private void Keep(TopicwireEvent one)
        {
            lock (heard)
            {
                // The service lane repeats what the main lane tells, and each lane has its own end.
                if (heard.Any(other => other.Kind == one.Kind && (other.Seq == one.Seq || one is ClosedEvent))) return;
                heard.Add(one);
                heard.Sort((left, right) => left.Seq.CompareTo(right.Seq));
            }
            news.Release();
        }

        private List<JsonElement> Lines()
        {
            lock (heard) return heard.Select(one => Report.Line(one, names)).Where(one => !(one is null)).Select(one => one!.Value).ToList();
        }

        private async Task Step(string kind, JsonElement step)
        {
            string? Text(string name) => step.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            Peer On() => peers.TryGetValue(Text("on")!, out var peer) ? peer : throw new Exception($"no connection is called {Text("on")}");
            switch (kind)
            {
                case "connects":
                    var peer = await Peer.Read(await listener.AcceptTcpClientAsync());
                    peers[Text("name")!] = peer;
                    if (Text("url_has") is { } has) Check.True(peer.Path.Contains(has), "the client dials " + peer.Path);
                    if (Text("url_lacks") is { } lacks) Check.True(!peer.Path.Contains(lacks), "the client dials " + peer.Path);
                    if (step.TryGetProperty("offers", out var offers) && offers.ValueKind == JsonValueKind.Array) Check.Equal(string.Join(",", offers.EnumerateArray().Select(one => one.GetString())), string.Join(",", peer.Offers));
                    break;
                case "accepts":
                    await On().Accept(Text("protocol"));
                    break;
                case "refuses":
                    var headers = step.TryGetProperty("headers", out var given) ? given.EnumerateObject().Select(one => new KeyValuePair<string, string>(one.Name, one.Value.GetString()!)) : Enumerable.Empty<KeyValuePair<string, string>>();
                    await On().Refuse(step.GetProperty("status").GetInt32(), headers.ToList());
                    break;
                case "sends":
                    var sent = await On().Receive() ?? throw new Exception("the client is gone");
                    Check.True(kept.Matches(step.GetProperty("frame"), Report.Json(Encoding.UTF8.GetBytes(sent))), "the client sends " + sent);
                    break;
                case "receives":
                    await On().Send(kept.Fill(step.GetProperty("frame")));
                    break;
                case "receives_text":
                    await On().Send(Text("text")!);
                    break;
                case "server_closes":
                    await On().Close(step.GetProperty("code").GetInt32(), Text("reason") ?? "");
                    break;
                case "breaks":
                    On().Dispose();
                    break;
                case "client_closes":
                    var code = await On().AwaitClose();
                    if (step.TryGetProperty("code", out var wanted) && wanted.ValueKind == JsonValueKind.Number) Check.Equal<int?>(wanted.GetInt32(), code);
                    break;
                case "command":
                    Command(Text("name")!, step.GetProperty("command"));
                    break;
                case "hears":
                    while (!Lines().Any(line => new Pattern().Matches(step.GetProperty("event"), line))) await news.WaitAsync(TimeSpan.FromMilliseconds(200));
                    break;
                case "answers_need":
                    NeedEvent? need;
                    while ((need = Needs().Skip(answered).FirstOrDefault()) is null) await news.WaitAsync(TimeSpan.FromMilliseconds(200));
                    answered++;
                    client.Answer(need.Request, Text("token")!, null);
                    break;
                case "close":
                    client.CloseClient(1000, "");
                    break;
                default:
                    throw new Exception("this runner does not know the step");
            }
        }

        private List<NeedEvent> Needs()
        {
            lock (heard) return heard.OfType<NeedEvent>().ToList();
        }

        /// <summary>Gives a command, with numbers in place of the names of subscriptions.</summary>
        private void Command(string name, JsonElement command)
        {
            using var stream = new MemoryStream();
            using (var to = new Utf8JsonWriter(stream))
            {
                to.WriteStartObject();
                foreach (var member in command.EnumerateObject())
                {
                    if (member.Name == "subscription" && member.Value.ValueKind == JsonValueKind.String) to.WriteNumber("subscription", names.Single(pair => pair.Value == member.Value.GetString()).Key);
                    else member.WriteTo(to);
                }
                to.WriteEndObject();
            }
            lock (heard) names[++requests] = name;
            client.Submit(requests, lanes[1].LaneId, Encoding.UTF8.GetString(stream.ToArray()), default);
        }

        public void Dispose()
        {
            client.Abort();
            foreach (var peer in peers.Values) peer.Dispose();
            foreach (var lane in lanes) lane.Dispose();
            listener.Stop();
            client.Dispose();
        }
    }
}
