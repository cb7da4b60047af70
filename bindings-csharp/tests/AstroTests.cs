using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Topicwire.Testing;

namespace Topicwire.Tests
{
    [Tests]
    internal static class AstroTests
    {
        private const string Room = LocalGateway.DefaultRoom;

        internal static AstroOptions Options(LocalGateway gateway) => new AstroOptions
        {
            Url = gateway.AstroUrl,
            Token = "any",
            CommandInterval = TimeSpan.Zero,
            Reconnect = { Initial = TimeSpan.FromMilliseconds(20), Max = TimeSpan.FromMilliseconds(100) },
        };

        public static async Task A_message_arrives_with_everything_it_has()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var astro = new Astro(Options(gateway));
            var subscription = await astro.SubscribeAsync(AstroTopics.ChannelTips, Room, Check.Soon());
            await gateway.PublishAstroAsync("channel.tips", "{\"_id\":\"t1\",\"amount\":12.34,\"who\":\"päivi 🦉\"}");
            var message = await Check.Next<MessageEvent>(astro);
            Check.Equal("channel.tips", message.Topic);
            Check.Equal(Room, message.Room);
            Check.Equal(subscription.Id, message.Subscriptions.Single());
            Check.Equal(1, message.Connection);
            Check.Equal(PayloadKind.Json, message.PayloadKind);
            Check.True(message.Id?.Length == 26, "it has an id");
            Check.True(Math.Abs((DateTimeOffset.UtcNow - message.Received).TotalMinutes) < 5, "it has a time");
            Check.Equal("{\"_id\":\"t1\",\"amount\":12.34,\"who\":\"päivi 🦉\"}", Encoding.UTF8.GetString(message.Raw.Span));
            Check.Equal(12.34m, message.Data.GetProperty("amount").GetDecimal());
            Check.Equal("päivi 🦉", message.Data.GetProperty("who").GetString());
        }

        public static async Task A_payload_has_its_canonical_view_under_steady_names_also_after_the_client()
        {
            await using var gateway = await LocalGateway.StartAsync();
            MessageEvent message;
            await using (var astro = new Astro(Options(gateway)))
            {
                await astro.SubscribeAsync("channel.stream.status", Room, Check.Soon());
                await gateway.PublishAstroAsync("channel.stream.status", "{\"isLive\":true}");
                message = await Check.Next<MessageEvent>(astro);
            }
            for (var at = 0; at < 2; at++) Check.Equal("{\"topic\":\"channel.stream.status\",\"kind\":\"stream_status\",\"is_live\":true}", message.Typed?.GetRawText());
            Check.Equal("{\"isLive\":true}", message.Data.GetRawText());
            await using var raw = new Raw(new RawOptions { Url = gateway.RawUrl });
            await raw.ConnectedAsync(Check.Soon());
            await raw.SendAsync("{\"isLive\":true}");
            Check.True((await raw.ReceiveAsync(Check.Soon()))!.Typed is null, "a payload of nothing in particular has no view");
        }

        public static async Task A_payload_is_decoded_wherever_it_stands_in_its_frame()
        {
            await using var gateway = await LocalGateway.StartAsync();
            foreach (var order in new[] { "routing_first", "data_first" })
            {
                await gateway.ControlAsync("options", "{\"astro\":{\"key_order\":\"" + order + "\"}}");
                await using var astro = new Astro(Options(gateway));
                await astro.SubscribeAsync("channel.tips", Room, Check.Soon());
                foreach (var payload in new[] { "{\"a\":[1,\"}\"]}", "12", "\"text\"", "null", "[]" })
                {
                    await gateway.PublishAstroAsync("channel.tips", payload);
                    var message = await Check.Next<MessageEvent>(astro);
                    Check.Equal(payload, message.Data.GetRawText());
                    Check.Equal(payload, message.Text);
                }
            }
        }

        public static async Task Nothing_falls_between_subscribing_and_reading()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var astro = new Astro(Options(gateway));
            await astro.SubscribeAsync("channel.tips", Room, Check.Soon());
            for (var at = 0; at < 1000; at++) await gateway.PublishAstroAsync("channel.tips", $"{{\"n\":{at}}}");
            var seen = 0;
            await foreach (var message in astro.Messages(Check.Soon()))
            {
                Check.Equal(seen, message.Data.GetProperty("n").GetInt32());
                if (++seen == 500) break;
            }
            // What one loop left, the next finds.
            await foreach (var one in astro.WithCancellation(Check.Soon()))
            {
                if (!(one is MessageEvent message)) continue;
                Check.Equal(seen, message.Data.GetProperty("n").GetInt32());
                if (++seen == 1000) break;
            }
        }

        public static async Task Handlers_hear_what_they_asked_for()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var astro = new Astro(Options(gateway));
            var all = new List<string>();
            var tips = new List<string>();
            astro.Message += (sender, message) => { lock (all) all.Add(message.Topic + message.Text); };
            using (astro.On("channel.tips", message => { lock (tips) tips.Add(message.Text); }))
            {
                await astro.SubscribeAsync("channel.tips", Room, Check.Soon());
                await astro.SubscribeAsync("channel.activities", Room, Check.Soon());
                await gateway.PublishAstroAsync("channel.activities", "1");
                await gateway.PublishAstroAsync("channel.tips", "2");
                await Check.Until(() => { lock (all) return all.Count == 2; }, "two messages");
            }
            await gateway.PublishAstroAsync("channel.tips", "3");
            await Check.Until(() => { lock (all) return all.Count == 3; }, "three messages");
            Check.Equal("channel.activities1 channel.tips2 channel.tips3", string.Join(" ", all));
            Check.Equal("2", string.Join(" ", tips));
        }

        public static async Task Handlers_run_on_the_context_that_was_given()
        {
            await using var gateway = await LocalGateway.StartAsync();
            var context = new OneThread();
            var options = Options(gateway);
            options.SynchronizationContext = context;
            await using var astro = new Astro(options);
            var threads = new HashSet<int>();
            var count = 0;
            astro.Message += (sender, message) =>
            {
                threads.Add(Thread.CurrentThread.ManagedThreadId);
                Interlocked.Increment(ref count);
            };
            await astro.SubscribeAsync("channel.tips", Room, Check.Soon());
            for (var at = 0; at < 100; at++) await gateway.PublishAstroAsync("channel.tips", "1");
            await Check.Until(() => Volatile.Read(ref count) == 100, "a hundred messages");
            Check.Equal(context.ThreadId, threads.Single());
            Check.True(context.Posts <= 100, "one post a slice at most, not one a message");
            context.Stop();
        }

        public static async Task A_handler_that_throws_does_not_stop_the_others()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var astro = new Astro(Options(gateway));
            var failures = 0;
            var heard = 0;
            astro.HandlerFailed += (sender, failure) => Interlocked.Increment(ref failures);
            astro.Message += (sender, message) =>
            {
                if (Interlocked.Increment(ref heard) == 1) throw new InvalidOperationException("first");
            };
            await astro.SubscribeAsync("channel.tips", Room, Check.Soon());
            await gateway.PublishAstroAsync("channel.tips", "1");
            await gateway.PublishAstroAsync("channel.tips", "2");
            await Check.Until(() => Volatile.Read(ref heard) == 2, "both messages");
            Check.Equal(1, failures);
        }

        public static async Task A_stream_of_its_own_has_its_topics_only()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var astro = new Astro(Options(gateway));
            using var tips = astro.Stream(topics: new[] { "channel.tips" });
            await astro.SubscribeAsync("channel.tips", Room, Check.Soon());
            await astro.SubscribeAsync("channel.activities", Room, Check.Soon());
            await gateway.PublishAstroAsync("channel.activities", "1");
            await gateway.PublishAstroAsync("channel.tips", "2");
            await foreach (var message in tips.Messages(Check.Soon()))
            {
                Check.Equal("2", message.Text);
                break;
            }
        }

        public static async Task Polling_blocks_until_there_is_something_or_the_time_is_up()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var astro = new Astro(Options(gateway));
            await astro.SubscribeAsync("channel.tips", Room, Check.Soon());
            while (!(astro.Poll(TimeSpan.FromMilliseconds(50)) is null))
            {
            }
            var polled = Task.Run(() => astro.Poll(TimeSpan.FromSeconds(20)));
            await gateway.PublishAstroAsync("channel.tips", "7");
            Check.Equal("7", Check.Is<MessageEvent>(await polled).Text);
            using var cancel = new CancellationTokenSource(50);
            Check.Throws<OperationCanceledException>(() => astro.Poll(Timeout.InfiniteTimeSpan, cancel.Token));
        }

        public static async Task Polling_on_the_thread_of_the_context_that_was_given_waits_for_nothing_that_needs_that_thread()
        {
            await using var gateway = await LocalGateway.StartAsync();
            var context = new OneThread();
            var options = Options(gateway);
            options.SynchronizationContext = context;
            options.Token = null;
            var asked = 0;
            options.TokenProvider = cancellation =>
            {
                Interlocked.Exchange(ref asked, Thread.CurrentThread.ManagedThreadId);
                return new ValueTask<string>("any");
            };
            await using var astro = new Astro(options);
            var polled = new TaskCompletionSource<MessageEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
            context.Post(state =>
            {
                var soon = Check.Soon();
                while (!soon.IsCancellationRequested)
                {
                    if (!(astro.Poll(TimeSpan.FromSeconds(1)) is MessageEvent message)) continue;
                    polled.TrySetResult(message);
                    return;
                }
                polled.TrySetException(new TimeoutException("nothing came while the context's thread polled"));
            }, null);
            await astro.SubscribeAsync("channel.tips", Room, Check.Soon());
            await gateway.PublishAstroAsync("channel.tips", "1");
            Check.Equal("1", (await polled.Task).Text);
            Check.True(asked != 0 && asked != context.ThreadId, "the provider ran on another thread");
            context.Stop();
        }

        public static async Task A_second_reader_is_refused()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var astro = new Astro(Options(gateway));
            await using var first = astro.GetAsyncEnumerator();
            Check.Throws<InvalidOperationException>(() => astro.GetAsyncEnumerator());
        }

        public static async Task Cancelling_a_loop_loses_nothing()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var astro = new Astro(Options(gateway));
            await astro.SubscribeAsync("channel.tips", Room, Check.Soon());
            for (var at = 0; at < 20; at++)
            {
                using var cancel = new CancellationTokenSource(5);
                await Check.ThrowsAsync<OperationCanceledException>(async () =>
                {
                    await foreach (var one in astro.WithCancellation(cancel.Token)) Check.True(!(one is MessageEvent), "nothing was published");
                });
            }
            await gateway.PublishAstroAsync("channel.tips", "8");
            Check.Equal("8", (await Check.Next<MessageEvent>(astro)).Text);
        }

        public static async Task A_refused_subscription_says_what_the_gateway_said()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await gateway.FaultAsync("{\"fault\":\"force_error\",\"topic\":\"channel.tips\",\"code\":\"err_bad_request\"}");
            await using var astro = new Astro(Options(gateway));
            var error = await Check.ThrowsAsync<TopicwireException>(() => astro.SubscribeAsync("channel.tips", Room, Check.Soon()));
            Check.Equal(ErrorCodes.Refused, error.Code);
            Check.Equal("err_bad_request", error.GatewayCode);
            Check.True(!error.IsRetryable && error.GatewayMessage?.Length > 0, "it has a message and no hope");
        }

        public static async Task A_cancelled_subscription_is_taken_back()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await gateway.FaultAsync("{\"fault\":\"drop_responses\",\"count\":1}");
            await using var astro = new Astro(Options(gateway));
            using var cancel = new CancellationTokenSource(50);
            await Check.ThrowsAsync<OperationCanceledException>(() => astro.SubscribeAsync("channel.tips", Room, cancel.Token));
            await astro.SubscribeAsync("channel.activities", Room, Check.Soon());
        }

        public static async Task A_provider_is_asked_for_each_connection_and_again_when_refused()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await gateway.ControlAsync("astro/tokens", "[{\"token\":\"good\",\"channel\":\"" + Room + "\"}]");
            var reasons = new List<string>();
            var options = Options(gateway);
            options.Token = null;
            options.CredentialProvider = async (request, cancellation) =>
            {
                await Task.Yield();
                lock (reasons) reasons.Add(request.Credential + ":" + request.Reason);
                return reasons.Count == 1 ? "bad" : "good";
            };
            await using var astro = new Astro(options);
            await astro.SubscribeAsync("channel.tips", Room, Check.Soon());
            Check.Equal("default:initial default:rejected", string.Join(" ", reasons));
        }

        public static async Task What_a_provider_throws_is_shown_with_the_fault()
        {
            await using var gateway = await LocalGateway.StartAsync();
            var calls = 0;
            var options = Options(gateway);
            options.Token = null;
            options.TokenProvider = cancellation => Interlocked.Increment(ref calls) == 1 ? throw new FormatException("mine") : new ValueTask<string>("any");
            await using var astro = new Astro(options);
            var subscribing = astro.SubscribeAsync("channel.tips", Room, Check.Soon());
            var fault = await Check.Next<FaultEvent>(astro, one => one.Fault == "provider");
            Check.Equal("mine", Check.Is<FormatException>(fault.Exception).Message);
            Check.Equal(ErrorCodes.ProviderFailed, fault.Error.Code);
            Check.True(!fault.Error.Message.Contains("mine"), "the text of an exception may hold a secret");
            await subscribing;
        }

        public static async Task A_provider_that_waits_for_its_own_client_is_told()
        {
            await using var gateway = await LocalGateway.StartAsync();
            Astro? astro = null;
            var told = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            var options = Options(gateway);
            options.Token = null;
            options.TokenProvider = async cancellation =>
            {
                await Check.Until(() => !(Volatile.Read(ref astro) is null), "the client");
                var error = await Check.ThrowsAsync<TopicwireException>(() => astro!.SubscribeAsync("channel.tips", Room, cancellation));
                told.TrySetResult(error.Code);
                return "any";
            };
            astro = new Astro(options);
            await astro.SubscribeAsync("channel.tips", Room, Check.Soon());
            Check.Equal(ErrorCodes.ProviderReentrant, await told.Task);
            await astro.DisposeAsync();
        }

        public static async Task A_crash_is_a_gap_and_a_handover_is_not()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var astro = new Astro(Options(gateway));
            var subscription = await astro.SubscribeAsync("channel.tips", Room, Check.Soon());
            await gateway.ReconnectAstroAsync("{\"token\":\"valid\"}");
            await Check.Next<StateEvent>(astro, one => one.From == ClientStates.HandingOver && one.To == ClientStates.Active);
            await gateway.PublishAstroAsync("channel.tips", "1");
            while (true)
            {
                var one = await astro.NextAsync(Check.Soon());
                Check.True(!(one is GapEvent), "a planned move loses nothing");
                if (one is MessageEvent) break;
            }
            await gateway.FaultAsync("{\"fault\":\"cut\",\"how\":\"reset\"}");
            var gap = await Check.Next<GapEvent>(astro);
            Check.Equal(subscription.Id, gap.Subscriptions.Single());
            Check.True(gap.Until >= gap.Since, "a gap has a beginning and an end");
            Check.True((await Check.Next<SubscribedEvent>(astro)).Recovered, "it is live again");
        }

        public static async Task A_bad_option_is_named_and_not_quoted()
        {
            await using var gateway = await LocalGateway.StartAsync();
            var options = Options(gateway);
            options.Url = "http://secret.example.org/";
            var error = Check.Throws<ArgumentException>(() => new Astro(options));
            Check.Equal("Url", error.ParamName);
            Check.True(!error.Message.Contains("secret"), "the value is not quoted");
            options.Url = gateway.AstroUrl;
            options.Connection.ConnectTimeout = TimeSpan.Zero;
            Check.Equal("Connection.ConnectTimeout", Check.Throws<ArgumentException>(() => new Astro(options)).ParamName);
            options.Connection.ConnectTimeout = TimeSpan.FromSeconds(-1);
            Check.Equal("ConnectTimeout", Check.Throws<ArgumentException>(() => new Astro(options)).ParamName);
        }
    }
}
