using System;
using System.Threading;
using System.Threading.Tasks;
using System.Threading.Tasks.Sources;
using Topicwire.Batches;
using Topicwire.Interop;

namespace Topicwire.Runtime
{
    /// <summary>The consumer's end of a lane: one reader at a time, which takes what is there and waits for more.</summary>
    internal sealed class LaneReader : IValueTaskSource<bool>, IDisposable
    {
        private const ulong More = 1ul << 63;
        private const ulong Needed = 1ul << 62;

        [ThreadStatic]
        private static byte[]? scratch;

        private readonly object gate = new object();
        private readonly Slot slot;
        private readonly LaneMemory labels = new LaneMemory();
        private readonly Action? ready;
        private Lane? lane;
        private Batch? batch;
        private int next;
        private int lastUsed;
        // More can be had without waiting: the lane said so, or the dispatcher did.
        private bool more;
        private bool signalled;
        private bool waiting;
        private bool ended;
        private bool disposed;
        private ManualResetValueTaskSourceCore<bool> source = new ManualResetValueTaskSourceCore<bool> { RunContinuationsAsynchronously = true };

        /// <summary>A reader without a lane yet. With <paramref name="ready"/> it is pushed rather than pulled: that is called, on a thread of the core, when the lane has something.</summary>
        internal LaneReader(object? owner, Action? ready = null)
        {
            Owner = owner;
            this.ready = ready;
            slot = Dispatcher.Enter(this);
        }

        ~LaneReader()
        {
            Dispatcher.Leave(slot);
        }

        /// <summary>Who must live as long as somebody reads.</summary>
        internal object? Owner { get; }

        /// <summary>The number that the lane is to be opened with.</summary>
        internal ulong Token => slot.Token;

        internal ulong LaneId { get; private set; }

        /// <summary>Nothing comes any more.</summary>
        internal bool Finished => ended || disposed;

        internal void Attach(Lane opened, Views? views = null)
        {
            bool early;
            labels.Views = views;
            lock (gate)
            {
                lane = opened;
                LaneId = opened.Id();
                early = signalled;
            }
            // The lane had something before we knew it.
            if (early) ready?.Invoke();
        }

        /// <summary>The dispatcher: the lane has something.</summary>
        internal void Signal()
        {
            var complete = false;
            lock (gate)
            {
                signalled = true;
                if (waiting)
                {
                    waiting = false;
                    complete = true;
                }
                Monitor.PulseAll(gate);
            }
            if (complete) source.SetResult(true);
            ready?.Invoke();
        }

        /// <summary>Takes the next event if there is one.</summary>
        internal TopicwireEvent? TryNext()
        {
            while (true)
            {
                if (!(batch is null))
                {
                    if (next < batch.Count)
                    {
                        var one = batch.Event(next++);
                        if (one.Kind == EventKind.Closed) End();
                        return one;
                    }
                    batch = null;
                }
                if (!Poll()) return null;
            }
        }

        /// <summary>Takes a batch if there is one.</summary>
        private bool Poll()
        {
            if (ended || lane is null) return false;
            if (!more)
            {
                lock (gate)
                {
                    if (!signalled) return false;
                    signalled = false;
                }
            }
            var bytes = Fetch();
            if (bytes is null) return false;
            batch = new Batch(bytes, labels);
            next = 0;
            return true;
        }

        /// <summary>
        /// A busy lane is read into an array of the batch's own. A quiet one is read into scratch space and copied, so that a lone message does not keep 32 KiB.
        /// </summary>
        private byte[]? Fetch()
        {
            try
            {
                if (lastUsed > Layout.MaxBytes / 2)
                {
                    var whole = new byte[Layout.MaxBytes];
                    var taken = PollInto(whole, out var wanted);
                    if (wanted > 0) return FetchLarge(wanted);
                    lastUsed = taken;
                    return taken == 0 ? null : whole;
                }
                var space = scratch ??= new byte[Layout.MaxBytes];
                var used = PollInto(space, out var needed);
                if (needed > 0) return FetchLarge(needed);
                lastUsed = used;
                return used == 0 ? null : space.AsSpan(0, used).ToArray();
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
        }

        private byte[]? FetchLarge(int needed)
        {
            var large = new byte[needed];
            return PollInto(large, out _) == 0 ? null : large;
        }

        private unsafe int PollInto(byte[] buffer, out int needed)
        {
            fixed (byte* at = buffer)
            {
                var polled = lane!.PollInto((ulong)at, (uint)buffer.Length, Layout.MaxEvents);
                more = (polled & More) != 0;
                var number = (int)(polled & ~(More | Needed));
                needed = (polled & Needed) != 0 ? number : 0;
                return needed > 0 ? 0 : number;
            }
        }

        private void End()
        {
            ended = true;
            slot.LetGo();
        }

        /// <summary>Completes when <see cref="TryNext"/> may find something. One waiter at a time.</summary>
        internal ValueTask<bool> WaitAsync(CancellationToken cancellation)
        {
            if (cancellation.IsCancellationRequested) return new ValueTask<bool>(Task.FromCanceled<bool>(cancellation));
            lock (gate)
            {
                if (waiting) throw Concurrent();
                if (more || signalled || ended || disposed) return new ValueTask<bool>(true);
                source.Reset();
                waiting = true;
                // Whoever waits may be known to nobody but us.
                slot.Hold(this);
            }
            var wait = new ValueTask<bool>(this, source.Version);
            return cancellation.CanBeCanceled ? Cancellable(wait, cancellation) : wait;
        }

        private async ValueTask<bool> Cancellable(ValueTask<bool> wait, CancellationToken cancellation)
        {
            using (cancellation.Register(state => ((LaneReader)state!).Cancel(), this))
            {
                var woken = await wait.ConfigureAwait(false);
                if (!woken) cancellation.ThrowIfCancellationRequested();
                return woken;
            }
        }

        /// <summary>Lets the waiter go with nothing.</summary>
        private void Cancel()
        {
            lock (gate)
            {
                if (!waiting) return;
                waiting = false;
            }
            source.SetResult(false);
        }

        /// <summary>Waits on this thread. False if the time was up.</summary>
        internal bool Wait(TimeSpan timeout, CancellationToken cancellation)
        {
            var forever = timeout == Timeout.InfiniteTimeSpan;
            var watch = System.Diagnostics.Stopwatch.StartNew();
            using (cancellation.Register(state => { lock (state!) Monitor.PulseAll(state); }, gate))
            {
                lock (gate)
                {
                    if (waiting) throw Concurrent();
                    while (!(more || signalled || ended || disposed))
                    {
                        cancellation.ThrowIfCancellationRequested();
                        if (forever)
                        {
                            Monitor.Wait(gate);
                            continue;
                        }
                        var left = timeout - watch.Elapsed;
                        if (left <= TimeSpan.Zero) return false;
                        Monitor.Wait(gate, left);
                    }
                }
            }
            return true;
        }

        /// <summary>Keeps the reader alive though nobody else knows it.</summary>
        internal void Hold()
        {
            if (!ended && !disposed) slot.Hold(this);
        }

        internal void LetGo()
        {
            slot.LetGo();
        }

        public void Dispose()
        {
            lock (gate)
            {
                if (disposed) return;
                disposed = true;
                Monitor.PulseAll(gate);
            }
            Dispatcher.Leave(slot);
            slot.LetGo();
            Cancel();
            lane?.Dispose();
            GC.SuppressFinalize(this);
        }

        private static InvalidOperationException Concurrent() =>
            new InvalidOperationException("somebody else is reading this already; open a stream of its own for each reader");

        bool IValueTaskSource<bool>.GetResult(short token)
        {
            slot.LetGo();
            return source.GetResult(token);
        }

        ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => source.GetStatus(token);

        void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            source.OnCompleted(continuation, state, token, flags);
    }
}
