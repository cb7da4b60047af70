using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Topicwire
{
    /// <summary>
    /// The results of an operation, in order. Each is a whole execution result: <c>errors</c> beside <c>data</c> end nothing. The stream ends with the operation,
    /// with an exception if that failed or was lost. After an outage it goes on; <see cref="Events"/> shows the gap.
    /// </summary>
    public sealed class GraphQLOperation : IAsyncEnumerable<MessageEvent>, IAsyncDisposable, IDisposable
    {
        internal GraphQLOperation(long id, EventStream events)
        {
            Id = id;
            Events = events;
        }

        /// <summary>Its number, as messages carry it.</summary>
        public long Id { get; }

        /// <summary>The results and everything beside them. Read this or the operation itself, not both at once.</summary>
        public EventStream Events { get; }

        /// <summary>Reads result after result. Leaving the loop ends the operation.</summary>
        /// <param name="cancellationToken">Ends the loop, and the operation.</param>
        /// <exception cref="TopicwireException">The operation failed or was lost.</exception>
        public async IAsyncEnumerator<MessageEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            try
            {
                while (await Events.NextAsync(cancellationToken).ConfigureAwait(false) is { } one)
                {
                    if (one is MessageEvent message) yield return message;
                    else if (IsOver(one)) yield break;
                }
            }
            finally
            {
                Events.Dispose();
            }
        }

        /// <summary>The next result, or null when the time is up or the operation has ended. It blocks this thread.</summary>
        /// <param name="timeout">How long to wait at most.</param>
        /// <param name="cancellation">Ends the wait.</param>
        /// <exception cref="TopicwireException">The operation failed or was lost.</exception>
        public MessageEvent? Poll(TimeSpan timeout, CancellationToken cancellation = default)
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            while (true)
            {
                var left = timeout == Timeout.InfiniteTimeSpan ? timeout : timeout - watch.Elapsed;
                if (left < TimeSpan.Zero && left != Timeout.InfiniteTimeSpan) left = TimeSpan.Zero;
                var one = Events.Poll(left, cancellation);
                if (one is null) return null;
                if (one is MessageEvent message) return message;
                if (IsOver(one)) return null;
            }
        }

        private static bool IsOver(TopicwireEvent one)
        {
            switch (one)
            {
                case EndedEvent ended when !(ended.Error is null): throw TopicwireException.Of(ended.Error);
                case ClosedEvent closed when !(closed.Cause is null): throw TopicwireException.Of(closed.Cause);
                default: return one is EndedEvent || one is ClosedEvent;
            }
        }

        /// <summary>Ends the operation.</summary>
        public void Dispose() => Events.Dispose();

        /// <summary>Ends the operation.</summary>
        public ValueTask DisposeAsync() => Events.DisposeAsync();
    }
}
