using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Topicwire.Runtime;

namespace Topicwire
{
    /// <summary>Events in their order, for one reader. It has a queue of its own; disposing of it ends that.</summary>
    public sealed class EventStream : IAsyncEnumerable<TopicwireEvent>, IAsyncDisposable, IDisposable
    {
        private readonly ClientCore core;
        private readonly LaneReader reader;
        private int reading;

        internal EventStream(ClientCore core, LaneReader reader)
        {
            this.core = core;
            this.reader = reader;
        }

        /// <summary>The next event, or null when the time is up or the stream has ended. It blocks this thread, for programs without async.</summary>
        /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
        /// <param name="cancellation">Ends the wait.</param>
        /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
        /// <exception cref="InvalidOperationException">Somebody else is reading.</exception>
        public TopicwireEvent? Poll(TimeSpan timeout, CancellationToken cancellation = default)
        {
            Begin();
            try
            {
                while (true)
                {
                    var one = reader.TryNext();
                    if (!(one is null)) return core.Dress(one);
                    if (reader.Finished || !reader.Wait(timeout, cancellation)) return null;
                }
            }
            finally
            {
                Finish();
            }
        }

        /// <summary>The next event, or null when the stream has ended. Cancelling loses nothing.</summary>
        /// <param name="cancellation">Ends the wait.</param>
        /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
        /// <exception cref="InvalidOperationException">Somebody else is reading.</exception>
        public async ValueTask<TopicwireEvent?> NextAsync(CancellationToken cancellation = default)
        {
            Begin();
            try
            {
                while (true)
                {
                    var one = reader.TryNext();
                    if (!(one is null)) return core.Dress(one);
                    if (reader.Finished) return null;
                    await reader.WaitAsync(cancellation).ConfigureAwait(false);
                }
            }
            finally
            {
                Finish();
            }
        }

        /// <summary>Reads event after event until the stream ends. What one loop leaves, the next finds.</summary>
        /// <param name="cancellation">Ends the loop; nothing is lost.</param>
        /// <exception cref="InvalidOperationException">Somebody else is reading.</exception>
        public IAsyncEnumerator<TopicwireEvent> GetAsyncEnumerator(CancellationToken cancellation = default)
        {
            Begin();
            return new Enumerator(this, cancellation);
        }

        /// <summary>The messages alone.</summary>
        public async IAsyncEnumerable<MessageEvent> Messages([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation = default)
        {
            await foreach (var one in this.WithCancellation(cancellation).ConfigureAwait(false))
            {
                if (one is MessageEvent message) yield return message;
            }
        }

        /// <summary>Ends the stream, and the subscriptions that belong to it.</summary>
        public void Dispose()
        {
            core.CloseLane(reader);
        }

        /// <summary>Ends the stream, and the subscriptions that belong to it.</summary>
        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        internal bool IsRead => Volatile.Read(ref reading) != 0;

        private void Begin()
        {
            if (Interlocked.Exchange(ref reading, 1) != 0)
            {
                throw new InvalidOperationException("somebody else is reading this already; open a stream of its own for each reader");
            }
        }

        private void Finish()
        {
            Volatile.Write(ref reading, 0);
        }

        private sealed class Enumerator : IAsyncEnumerator<TopicwireEvent>
        {
            private readonly EventStream stream;
            private readonly CancellationToken cancellation;
            private TopicwireEvent? current;
            private bool over;

            internal Enumerator(EventStream stream, CancellationToken cancellation)
            {
                this.stream = stream;
                this.cancellation = cancellation;
            }

            public TopicwireEvent Current => current ?? throw new InvalidOperationException("there is no current event");

            public ValueTask<bool> MoveNextAsync()
            {
                if (cancellation.IsCancellationRequested) return new ValueTask<bool>(Task.FromCanceled<bool>(cancellation));
                var one = stream.reader.TryNext();
                if (one is null) return Wait();
                current = stream.core.Dress(one);
                return new ValueTask<bool>(true);
            }

            private async ValueTask<bool> Wait()
            {
                while (!stream.reader.Finished)
                {
                    await stream.reader.WaitAsync(cancellation).ConfigureAwait(false);
                    var one = stream.reader.TryNext();
                    if (one is null) continue;
                    current = stream.core.Dress(one);
                    return true;
                }
                return false;
            }

            public ValueTask DisposeAsync()
            {
                if (over) return default;
                over = true;
                stream.Finish();
                return default;
            }
        }
    }
}
