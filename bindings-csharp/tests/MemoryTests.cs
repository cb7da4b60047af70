using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Threading.Tasks;

namespace Topicwire.Tests
{
    /// <summary>Memory over millions of events, each way of hearing them in a process of its own: what other tests have had is nobody's growth.</summary>
    [Tests]
    internal static class MemoryTests
    {
        private const long Managed = 1 << 20;
        private const long Process = 8 << 20;

        public static Task Memory_is_flat_over_five_million_events_of_a_stream() => IsFlat("stream", 5_000_000);

        public static Task Memory_is_flat_over_many_events_of_a_handler() => IsFlat("handler", 1_000_000);

        public static Task Memory_is_flat_over_many_events_of_a_program_that_polls() => IsFlat("poll", 1_000_000);

        private static async Task IsFlat(string how, int events)
        {
            using var flood = new Flood();
            // With the least budget for young objects there is, so that what the collector keeps for itself is small beside what would leak.
            var environment = new Dictionary<string, string> { ["DOTNET_gcConcurrent"] = "0", ["DOTNET_GCgen0size"] = "400000" };
            var ended = await Programs.Run($"memory {flood.Url} {how} {events}", environment, TimeSpan.FromMinutes(5));
            Check.True(ended.Code == 0, ended.Output);
        }

        /// <summary>What a child does: takes events, and compares the memory after a quarter of them with that at the end.</summary>
        internal static async Task<int> Measure(string url, string how, long events)
        {
            await using var socket = new Raw(new RawOptions { Url = url });
            var counter = new Counter(events);
            switch (how)
            {
                case "stream":
                    await foreach (var message in socket.Messages())
                    {
                        if (counter.Saw(message)) break;
                    }
                    break;
                case "handler":
                    var enough = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                    socket.Message += (sender, message) =>
                    {
                        if (!enough.Task.IsCompleted && counter.Saw(message)) enough.TrySetResult(true);
                    };
                    await enough.Task;
                    break;
                default:
                    while (!(socket.Poll(TimeSpan.FromMilliseconds(100)) is MessageEvent message && counter.Saw(message)))
                    {
                    }
                    break;
            }
            socket.Dispose();
            Console.WriteLine(counter);
            return counter.IsFlat ? 0 : 1;
        }

        private sealed class Counter
        {
            private readonly long events;
            private readonly Queue<MessageEvent> kept = new Queue<MessageEvent>();
            private long seen;
            private (long Managed, long Process) first;
            private (long Managed, long Process) last;

            internal Counter(long events)
            {
                this.events = events;
            }

            internal bool IsFlat => last.Managed - first.Managed < Managed && last.Process - first.Process < MemoryTests.Process;

            /// <summary>Touches all of a message. True when that was the last.</summary>
            internal bool Saw(MessageEvent message)
            {
                seen++;
                if (message.Data.ValueKind != JsonValueKind.Object || message.Text.Length != Flood.Message.Length) throw new Exception("another message");
                if (seen % 1000 == 0)
                {
                    // Somebody who keeps a few of many.
                    kept.Enqueue(message);
                    if (kept.Count > 50) kept.Dequeue();
                }
                if (seen == events / 4) first = Now();
                if (seen < events) return false;
                last = Now();
                return true;
            }

            private static (long, long) Now()
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                var managed = GC.GetTotalMemory(true);
                using var us = System.Diagnostics.Process.GetCurrentProcess();
                return (managed, us.WorkingSet64);
            }

            public override string ToString() =>
                FormattableString.Invariant($"after {events / 4} events {first.Managed} bytes managed of {first.Process}, after {events} {last.Managed} of {last.Process}");
        }
    }
}
