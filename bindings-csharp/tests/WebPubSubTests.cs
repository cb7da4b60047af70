using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Topicwire.Testing;

namespace Topicwire.Tests
{
    /// <summary>The client of Azure Web PubSub, against the local gateway.</summary>
    [Tests]
    internal static class WebPubSubTests
    {
        private static async Task<WebPubSub> Connected(LocalGateway gateway, string access = "{}", Action<WebPubSubOptions>? change = null)
        {
            var options = new WebPubSubOptions { Url = await gateway.AccessUrlAsync(access) };
            options.Reconnect.Initial = TimeSpan.FromMilliseconds(10);
            options.Reconnect.Max = TimeSpan.FromMilliseconds(50);
            change?.Invoke(options);
            var hub = new WebPubSub(options);
            await hub.ConnectedAsync(Check.Soon());
            return hub;
        }

        private static Task<MessageEvent> Next(WebPubSub hub) => Check.Next<MessageEvent>(hub);

        public static Task Json_brings_back_what_was_sent() => Brings(WebPubSubProtocol.Json);

        public static Task Reliable_json_brings_back_what_was_sent() => Brings(WebPubSubProtocol.ReliableJson);

        public static Task Protobuf_brings_back_what_was_sent() => Brings(WebPubSubProtocol.Protobuf);

        public static Task Reliable_protobuf_brings_back_what_was_sent() => Brings(WebPubSubProtocol.ReliableProtobuf);

        private static async Task Brings(WebPubSubProtocol protocol)
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var hub = await Connected(gateway, "{\"user\":\"maya\"}", options => options.Protocol = protocol);
            var joined = await hub.JoinGroupAsync("lobby", Check.Soon());
            Check.Equal(("group", "lobby"), (joined.Topic, joined.Room!));
            var acknowledgement = (await hub.SendToGroupAsync("lobby", WebPubSubData.Json(new { n = 1.5, text = "päivää" }), cancellation: Check.Soon()))!;
            Check.True(acknowledgement.AckId > 0 && !acknowledgement.IsDuplicated, "an acknowledgement");
            var message = await Next(hub);
            Check.Equal(("group", "lobby", "päivää"), (message.Topic!, message.Room!, message.Data.GetProperty("text").GetString()));
            Check.Equal(protocol == WebPubSubProtocol.ReliableJson || protocol == WebPubSubProtocol.ReliableProtobuf, !(message.Id is null));
            await hub.SendToGroupAsync("lobby", "some text", cancellation: Check.Soon());
            Check.Equal("some text", (await Next(hub)).Text);
            await hub.SendToGroupAsync("lobby", new byte[] { 0, 255 }, cancellation: Check.Soon());
            var binary = await Next(hub);
            Check.True(binary.PayloadKind == PayloadKind.Binary && binary.Raw.Span.SequenceEqual(new byte[] { 0, 255 }), "bytes");
            Check.True(!(await hub.SendToGroupAsync("lobby", "1", noEcho: true, cancellation: Check.Soon()) is null), "it is acknowledged");
            Check.True(await hub.SendToGroupAsync("lobby", "2", fireAndForget: true, cancellation: Check.Soon()) is null, "nothing is to come");
            Check.Equal("2", (await Next(hub)).Text);
            await hub.LeaveGroupAsync("lobby", Check.Soon());
            Check.True(await IsHeardByNobody(gateway, "3"), "nobody is in it");
        }

        public static async Task With_envelopes_a_message_says_who_sent_it()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var hub = await Connected(gateway, "{\"user\":\"maya\"}", options => options.Envelopes = true);
            await hub.JoinGroupAsync("lobby", Check.Soon());
            await hub.SendToGroupAsync("lobby", "hello", cancellation: Check.Soon());
            var envelope = (await Next(hub)).Data;
            Check.Equal(("maya", "text", "hello"), (Member(envelope, "from_user_id"), Member(envelope, "data_type"), Member(envelope, "data")));
        }

        public static async Task What_is_said_beside_the_data_comes_with_it()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var hub = await Connected(gateway, "{}", options => options.Envelopes = true);
            await hub.JoinGroupAsync("lobby", Check.Soon());
            var metadata = new Dictionary<string, string> { ["trace"] = "a1" };
            await hub.SendToGroupAsync("lobby", "hello", metadata: metadata, timeToLive: TimeSpan.FromMinutes(1), cancellation: Check.Soon());
            Check.Equal("a1", Member((await Next(hub)).Data.GetProperty("metadata"), "trace"));
            await hub.SendEventAsync("ask", "x", metadata: metadata, cancellation: Check.Soon());
            var error = await Check.ThrowsAsync<TopicwireException>(() => hub.SendToGroupAsync("lobby", "x", timeToLive: TimeSpan.FromMinutes(6), cancellation: Check.Soon()));
            Check.Equal(ErrorCodes.InvalidOption, error.Code);
        }

        public static async Task Events_and_invocations_are_answered_by_the_server()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var hub = await Connected(gateway);
            await hub.SendEventAsync("ask", WebPubSubData.JsonText("{\"n\":1}"), cancellation: Check.Soon());
            var message = await Next(hub);
            Check.Equal(("server", "{\"n\":1}"), (message.Topic!, message.Text));
            Check.True(message.Room is null, "no group");
            var json = await hub.InvokeAsync("ask", WebPubSubData.Json(new Dictionary<string, object?> { ["n"] = 2 }), Check.Soon());
            Check.Equal((WebPubSubDataType.Json, 2), (json.DataType, json.Data.GetProperty("n").GetInt32()));
            var text = await hub.InvokeAsync("ask", "\"päivää\"\n\\", Check.Soon());
            Check.Equal((WebPubSubDataType.Text, "\"päivää\"\n\\"), (text.DataType, text.Text));
            var binary = await hub.InvokeAsync("ask", new byte[] { 0, 255 }, Check.Soon());
            Check.True(binary.DataType == WebPubSubDataType.Binary && binary.Raw.Span.SequenceEqual(new byte[] { 0, 255 }), "bytes");
        }

        public static async Task A_stream_is_heard_piece_by_piece()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var hub = await Connected(gateway);
            await hub.JoinGroupAsync("captions", Check.Soon());
            await using (var stream = await hub.StartStreamAsync("captions", "st", cancellation: Check.Soon()))
            {
                await stream.SendAsync("Hel", Check.Soon());
                await stream.SendAsync("lo", Check.Soon());
                await stream.EndAsync(cancellation: Check.Soon());
            }
            var heard = "";
            while (true)
            {
                var piece = (await Next(hub)).Data;
                Check.Equal("st", Member(piece.GetProperty("stream"), "stream_id"));
                if (piece.TryGetProperty("data", out var data)) heard += data.GetString();
                if (piece.GetProperty("stream").GetProperty("end").GetBoolean()) break;
            }
            Check.Equal("Hello", heard);
        }

        public static async Task A_lost_connection_is_recovered_without_loss()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var hub = await Connected(gateway);
            var heard = new ConcurrentQueue<string>();
            hub.Recovering += (sender, one) => heard.Enqueue("recovering");
            hub.Recovered += (sender, one) => heard.Enqueue("recovered");
            hub.Disconnected += (sender, one) => heard.Enqueue("disconnected");
            hub.GroupMessageReceived += (sender, one) => heard.Enqueue(one.Text);
            await hub.JoinGroupAsync("lobby", Check.Soon());
            await gateway.PublishToGroupAsync("lobby", "1");
            await gateway.FaultAsync("{\"fault\":\"cut\",\"how\":\"reset\"}");
            await gateway.PublishToGroupAsync("lobby", "2");
            await Check.Until(() => heard.Contains("recovered") && heard.Contains("2"), "it is recovered");
            await gateway.PublishToGroupAsync("lobby", "3");
            await Check.Until(() => heard.Contains("3"), "it goes on");
            Check.Equal("123", string.Concat(heard.Where(one => one.Length == 1)));
            Check.True(heard.Contains("recovering") && !heard.Contains("disconnected"), string.Join(", ", heard));
        }

        public static async Task Another_session_asks_for_another_address_and_joins_the_groups_again()
        {
            await using var gateway = await LocalGateway.StartAsync();
            var urls = 0;
            var options = new WebPubSubOptions
            {
                UrlProvider = async cancellation =>
                {
                    Interlocked.Increment(ref urls);
                    return await gateway.AccessUrlAsync("{}", cancellation);
                },
            };
            options.Reconnect.Initial = TimeSpan.FromMilliseconds(10);
            await using var hub = new WebPubSub(options);
            var begun = new ConcurrentQueue<string>();
            var ends = new ConcurrentQueue<StateEvent>();
            var gaps = new ConcurrentQueue<GapEvent>();
            hub.Connected += (sender, one) => begun.Enqueue(Encoding.UTF8.GetString(one.Greeting!.Value.Span));
            hub.Disconnected += (sender, one) => ends.Enqueue(one);
            hub.Gap += (sender, one) => gaps.Enqueue(one);
            var group = await hub.JoinGroupAsync("lobby", Check.Soon());
            await gateway.FaultAsync("{\"fault\":\"close\",\"code\":1008,\"reason\":\"moved\"}");
            await Check.Until(() => begun.Count == 2 && !gaps.IsEmpty, "another session begins");
            while (await IsHeardByNobody(gateway, "1")) await Task.Yield();
            Check.Equal((2, 2, 1), (urls, begun.Distinct().Count(), ends.Count));
            Check.Equal(("1008", "moved"), (ends.Single().Cause!.GatewayCode!, ends.Single().Cause!.GatewayMessage!));
            Check.Equal(group.Id, gaps.First().Subscriptions.Single());
        }

        public static async Task What_the_service_refuses_is_thrown_with_its_name()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var hub = await Connected(gateway, "{\"roles\":[]}");
            var error = await Check.ThrowsAsync<TopicwireException>(() => hub.JoinGroupAsync("lobby", Check.Soon()));
            Check.Equal("Forbidden", error.GatewayCode);
        }

        public static void Options_that_cannot_work_are_named_and_no_address_is_shown()
        {
            const string Secret = "wss://example.org/client/hubs/h?access_token=sesame";
            void Refused(string name, WebPubSubOptions options)
            {
                var error = Check.Throws<ArgumentException>(() => new WebPubSub(options));
                Check.True(error.Message.Contains(name, StringComparison.OrdinalIgnoreCase) && !error.ToString().Contains("sesame"), error.ToString());
            }
            Refused("AckMessages", new WebPubSubOptions { Url = Secret, AckMessages = 0 });
            Refused("SimpleGroup", new WebPubSubOptions { Url = Secret, SimpleGroup = "g" });
            Refused("Url", new WebPubSubOptions());
            Refused("Url", new WebPubSubOptions { Url = Secret, UrlProvider = cancellation => default });
            Check.Throws<ArgumentException>(() => _ = WebPubSubData.Json(double.NaN));
        }

        public static async Task Cancelling_takes_a_command_back()
        {
            await using var gateway = await LocalGateway.StartAsync();
            var hub = await Connected(gateway);
            await gateway.FaultAsync("{\"fault\":\"mute\"}");
            using var source = new CancellationTokenSource();
            var joining = hub.JoinGroupAsync("lobby", source.Token);
            source.Cancel();
            await Check.ThrowsAsync<OperationCanceledException>(() => joining);
            hub.Dispose();
        }

        public static async Task Simple_mode_has_messages_and_nothing_else()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var hub = await Connected(gateway, "{}", options => options.Protocol = WebPubSubProtocol.Simple);
            await hub.SendAsync("hello", Check.Soon());
            Check.Equal("hello", (await Next(hub)).Text);
            var error = await Check.ThrowsAsync<TopicwireException>(() => hub.JoinGroupAsync("lobby", Check.Soon()));
            Check.Equal(ErrorCodes.Unsupported, error.Code);
        }

        public static async Task It_can_be_stopped_while_it_recovers()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var hub = await Connected(gateway);
            var stopped = 0;
            hub.Stopped += (sender, one) => Interlocked.Increment(ref stopped);
            await gateway.FaultAsync("{\"fault\":\"hang_upgrades\",\"count\":100}");
            await gateway.FaultAsync("{\"fault\":\"cut\",\"how\":\"reset\"}");
            await Check.Until(() => hub.State == ClientStates.Recovering, "it recovers");
            var end = await hub.StopAsync(Check.Soon());
            Check.True(end.Cause is null, "it was wanted");
            await Check.Until(() => stopped == 1, "it is told once");
        }

        public static async Task Handlers_are_taken_away_as_often_as_they_were_added()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var hub = await Connected(gateway);
            var (some, all) = (0, 0);
            EventHandler<MessageEvent> handler = (sender, one) => Interlocked.Increment(ref some);
            hub.GroupMessageReceived += handler;
            hub.GroupMessageReceived += handler;
            hub.Message += (sender, one) => Interlocked.Increment(ref all);
            await hub.JoinGroupAsync("lobby", Check.Soon());
            async Task Send(int count)
            {
                await hub.SendToGroupAsync("lobby", "x", cancellation: Check.Soon());
                await Check.Until(() => all == count, "it is heard");
            }
            await Send(1);
            Check.Equal(2, some);
            hub.GroupMessageReceived -= handler;
            await Send(2);
            Check.Equal(3, some);
            hub.GroupMessageReceived -= handler;
            hub.GroupMessageReceived -= handler;
            await Send(3);
            Check.Equal(3, some);
        }

        private static async Task<bool> IsHeardByNobody(LocalGateway gateway, string json)
        {
            using var answer = JsonDocument.Parse(await gateway.PublishToGroupAsync("lobby", json));
            return answer.RootElement.GetProperty("receivers").GetInt32() == 0;
        }

        private static string Member(JsonElement json, string name) => json.GetProperty(name).GetString()!;
    }
}
