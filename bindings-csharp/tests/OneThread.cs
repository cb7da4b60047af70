using System.Collections.Concurrent;
using System.Threading;

namespace Topicwire.Tests
{
    /// <summary>A context with one thread, as user interfaces have.</summary>
    internal sealed class OneThread : SynchronizationContext
    {
        private readonly BlockingCollection<(SendOrPostCallback, object?)> work = new BlockingCollection<(SendOrPostCallback, object?)>();
        private int posts;

        internal OneThread()
        {
            var thread = new Thread(() =>
            {
                SetSynchronizationContext(this);
                foreach (var (callback, state) in work.GetConsumingEnumerable()) callback(state);
            });
            thread.IsBackground = true;
            thread.Start();
            ThreadId = thread.ManagedThreadId;
        }

        internal int ThreadId { get; }

        internal int Posts => Volatile.Read(ref posts);

        public override void Post(SendOrPostCallback d, object? state)
        {
            Interlocked.Increment(ref posts);
            if (!work.IsAddingCompleted) work.Add((d, state));
        }

        internal void Stop() => work.CompleteAdding();
    }
}
