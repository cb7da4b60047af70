using System;
using System.Collections.Concurrent;
using System.Threading;
using Topicwire.Interop;

namespace Topicwire.Runtime
{
    /// <summary>
    /// The process's one poller. It is told which lanes have something and tells their readers, and does nothing else: no code of users runs here.
    /// </summary>
    /// <remarks>
    /// Where native code may call us, it does (a <em>wake</em>); else a thread of our own waits. On Mono, on Unity and in a context that can be unloaded it may not.
    /// <c>TOPICWIRE_WAKE=thread</c> asks for the thread anywhere.
    /// </remarks>
    internal static class Dispatcher
    {
        private const ulong More = 1ul << 63;
        private static readonly ConcurrentDictionary<ulong, Slot> Slots = new ConcurrentDictionary<ulong, Slot>();
        private static readonly Lazy<Poller> Shared = new Lazy<Poller>(Start, LazyThreadSafetyMode.ExecutionAndPublication);
        private static long lastToken;
        private static volatile bool waiting;

        internal static Poller Poller => Shared.Value;

        /// <summary>A reader's place: it is told here when its lane has something.</summary>
        internal static Slot Enter(LaneReader reader)
        {
            var slot = new Slot((ulong)Interlocked.Increment(ref lastToken), reader);
            Slots[slot.Token] = slot;
            return slot;
        }

        internal static void Leave(Slot slot)
        {
            Slots.TryRemove(slot.Token, out _);
        }

        /// <summary>Lets the thread go that waits, if there is one. Mono does not end while a thread is within native code, though it be a background thread.</summary>
        internal static void Stop()
        {
            if (waiting) Poller.ClosePoller();
        }

        private static Poller Start()
        {
            LibraryVersion.Verify();
            var wish = Environment.GetEnvironmentVariable("TOPICWIRE_WAKE");
            var waits = wish == "thread" || (wish != "callback" && !Host.MayBeCalled);
            if (!waits && !Functions.ClaimWakes(Nonce()))
            {
                if (wish == "callback")
                {
                    throw new PlatformNotSupportedException(
                        "another copy of Topicwire in this process is called by the native library already, and there is room for one; set TOPICWIRE_WAKE=thread, or leave it unset");
                }
                waits = true;
            }
            if (!waits) return new Poller(new Bell());
            var poller = Poller.NewWaiting();
            waiting = true;
            var thread = new Thread(() => Wait(poller)) { IsBackground = true, Name = "topicwire" };
            thread.Start();
            Host.BeforeUnload(() => poller.ClosePoller());
            return poller;
        }

        private static ulong Nonce()
        {
            var bytes = Guid.NewGuid().ToByteArray();
            return BitConverter.ToUInt64(bytes, 0) | 1;
        }

        private static void Wait(Poller poller)
        {
            try
            {
                while (true)
                {
                    if (poller.Wait(-1)) Drain(poller);
                }
            }
            catch (NativeException)
            {
                // It was closed.
            }
        }

        private static unsafe void Drain(Poller poller)
        {
            var tokens = stackalloc ulong[64];
            while (true)
            {
                var ready = poller.ReadyInto((ulong)tokens, 64);
                var count = (int)(ready & ~More);
                for (var at = 0; at < count; at++)
                {
                    if (Slots.TryGetValue(tokens[at], out var slot)) slot.Signal();
                }
                if ((ready & More) == 0) return;
            }
        }

        /// <summary>What native code calls.</summary>
        private sealed class Bell : IWake
        {
            public void Wake()
            {
                // Asked here rather than on a thread of the pool, which would cost a hop: taking the list never waits.
                Drain(Poller);
            }
        }
    }
}
