using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Topicwire.Testing;

namespace Topicwire.Tests
{
    [Tests]
    internal static class LifetimeTests
    {
        private const string Room = LocalGateway.DefaultRoom;

        private static async Task<int> Connections(LocalGateway gateway)
        {
            using var document = System.Text.Json.JsonDocument.Parse(await gateway.ControlAsync("connections"));
            return document.RootElement.GetProperty("connections").EnumerateArray().Count();
        }

        private static async Task NoConnections(LocalGateway gateway)
        {
            var deadline = DateTime.UtcNow.AddSeconds(20);
            while (await Connections(gateway) > 0)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                Check.True(DateTime.UtcNow < deadline, "the connections go away");
            }
        }

        public static async Task Disposing_twice_and_from_many_threads_does_no_harm()
        {
            await using var gateway = await LocalGateway.StartAsync();
            for (var at = 0; at < 20; at++)
            {
                var astro = new Astro(AstroTests.Options(gateway));
                var reading = Task.Run(async () =>
                {
                    await foreach (var one in astro) Check.True(one.Seq > 0, "it has a place");
                });
                await astro.ConnectedAsync(Check.Soon());
                await Task.WhenAll(Enumerable.Range(0, 8).Select(one => Task.Run(async () =>
                {
                    if (one % 2 == 0) astro.Dispose();
                    else await astro.DisposeAsync();
                })));
                await reading;
                astro.Dispose();
                Check.Equal(ErrorCodes.Closed, (await Check.ThrowsAsync<TopicwireException>(() => astro.SubscribeAsync("channel.tips", Room))).Code);
                Check.Equal(ClientStates.Closed, astro.State);
            }
            await NoConnections(gateway);
        }

        public static async Task What_waits_is_let_go_when_the_client_ends()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await gateway.FaultAsync("{\"fault\":\"drop_responses\",\"count\":1}");
            var astro = new Astro(AstroTests.Options(gateway));
            var subscribing = astro.SubscribeAsync("channel.tips", Room, Check.Soon());
            var polling = Task.Run(() =>
            {
                while (astro.Poll(Timeout.InfiniteTimeSpan) is { } one)
                {
                    if (one is ClosedEvent) return true;
                }
                return false;
            });
            await astro.ConnectedAsync(Check.Soon());
            astro.Dispose();
            var error = await Check.ThrowsAsync<TopicwireException>(() => subscribing);
            Check.True(error.Code == ErrorCodes.Closed || error.Code == ErrorCodes.OutcomeUnknown, error.Code);
            Check.True(await polling, "a stream ends with the end");
        }

        public static async Task A_forgotten_client_is_collected()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await Forget(gateway, 20);
            await NoConnections(gateway);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static async Task Forget(LocalGateway gateway, int count)
        {
            for (var at = 0; at < count; at++)
            {
                var astro = new Astro(AstroTests.Options(gateway));
                await astro.SubscribeAsync("channel.tips", Room, Check.Soon());
            }
            Check.Equal(count, await Connections(gateway));
        }

        public static async Task Whoever_reads_or_handles_is_not_collected()
        {
            await using var gateway = await LocalGateway.StartAsync();
            var heard = new int[2];
            var clients = await Leave(gateway, heard);
            for (var at = 0; at < 20; at++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                await gateway.PublishAstroAsync("channel.tips", "1");
            }
            await Check.Until(() => Volatile.Read(ref heard[0]) == 20 && Volatile.Read(ref heard[1]) == 20, "both go on hearing");
            foreach (var one in clients)
            {
                if (one.Target is Astro astro) astro.Dispose();
            }
            await NoConnections(gateway);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static async Task<IReadOnlyList<WeakReference>> Leave(LocalGateway gateway, int[] heard)
        {
            var handling = new Astro(AstroTests.Options(gateway));
            handling.Message += (sender, message) => Interlocked.Increment(ref heard[0]);
            await handling.SubscribeAsync("channel.tips", Room, Check.Soon());
            var reading = new Astro(AstroTests.Options(gateway));
            await reading.SubscribeAsync("channel.tips", Room, Check.Soon());
            _ = Read(reading, heard);
            return new[] { new WeakReference(handling), new WeakReference(reading) };
        }

        private static async Task Read(Astro astro, int[] heard)
        {
            await foreach (var message in astro.Messages()) Interlocked.Increment(ref heard[1]);
        }

        public static async Task A_thousand_clients_share_what_a_process_has_once()
        {
            await using var gateway = await LocalGateway.StartAsync();
            var threads = Process.GetCurrentProcess().Threads.Count;
            var clients = Enumerable.Range(0, 1000).Select(_ => new Astro(AstroTests.Options(gateway))).ToList();
            var heard = 0;
            foreach (var one in clients) one.Message += (sender, message) => Interlocked.Increment(ref heard);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(50));
            await Task.WhenAll(clients.Select(one => one.SubscribeAsync("channel.tips", Room, patience.Token)));
            await gateway.PublishAstroAsync("channel.tips", "1");
            await Check.Until(() => Volatile.Read(ref heard) == 1000, "everybody hears it");
            Check.True(Process.GetCurrentProcess().Threads.Count < threads + 100, "not a thread a client");
            foreach (var one in clients) one.Dispose();
            await NoConnections(gateway);
        }

        public static async Task The_thread_that_waits_does_what_the_wake_does()
        {
            await using var gateway = await LocalGateway.StartAsync();
            var ended = await Programs.Run("echo " + gateway.RawUrl, new Dictionary<string, string> { ["TOPICWIRE_WAKE"] = "thread" });
            Check.Equal("hello", ended.Output.Trim());
            Check.Equal(0, ended.Code);
        }

        public static async Task A_program_ends_while_its_client_is_busy()
        {
            await using var gateway = await LocalGateway.StartAsync();
            foreach (var how in new[] { "return", "environment" })
            {
                for (var at = 0; at < 25; at++)
                {
                    var ended = await Programs.Run($"busy {gateway.RawUrl} {how}");
                    Check.Equal("busy", ended.Output.Trim());
                    Check.Equal(how == "return" ? 0 : 7, ended.Code);
                }
            }
            await NoConnections(gateway);
        }
    }
}
