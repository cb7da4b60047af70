using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Topicwire.Json;
using Topicwire.Runtime;

namespace Topicwire
{
    /// <summary>
    /// What every client can: its events as an async stream, as .NET events or by blocking, and its end. Reconnecting, resubscribing and planned handovers happen by
    /// themselves and show up as events.
    /// </summary>
    /// <remarks>
    /// <para>The stream's queue opens with the client, so nothing falls between making a client and reading it. It belongs to one reader at a time.</para>
    /// <para>Handlers have a queue of their own. If the first is added before anybody reads the stream, the stream's queue is closed, and opened again by who reads later.</para>
    /// <para>Members may be called from any thread, also while the client is being disposed of.</para>
    /// </remarks>
    public abstract class TopicwireClient : IAsyncEnumerable<TopicwireEvent>, IAsyncDisposable, IDisposable
    {
        private readonly object gate = new object();
        private readonly Handlers handlers;
        private readonly Action<JsonWriter> mainOptions;
        private EventStream? main;
        private bool read;
        private bool disposed;

        private protected TopicwireClient(ClientOptions options, Action<JsonWriter> mainOptions, StreamOverflow usual = StreamOverflow.DropOldest)
        {
            if (options is null) throw new ArgumentNullException(nameof(options));
            var overflow = options.Overflow ?? usual;
            this.mainOptions = to =>
            {
                mainOptions(to);
                to.Name("overflow").Value(Wire.Word(overflow));
            };
            Core = new ClientCore(options.ToJson(), options.Provider);
            handlers = new Handlers(this, Core, options.SynchronizationContext);
            main = new EventStream(Core, Core.OpenLane(this.mainOptions));
            Core.Connect();
        }

        private protected TopicwireClient(ClientOptions options) : this(options, to => { }) { }

        internal ClientCore Core { get; }

        /// <summary>The state now, one of <see cref="ClientStates"/>.</summary>
        public string State => Core.State();

        /// <summary>Counters.</summary>
        public ClientStatistics Statistics
        {
            get
            {
                var stats = Core.Stats();
                return new ClientStatistics((long)stats.Messages, (long)stats.Filtered, (long)stats.Duplicates, (long)stats.Faults);
            }
        }

        /// <summary>Completes with the client's end, and says how it was.</summary>
        public Task<ClosedEvent> Closing => Core.Closed;

        /// <summary>A message of the gateway.</summary>
        public event EventHandler<MessageEvent> Message
        {
            add => AddHandler(EventKind.Message, value);
            remove => handlers.Remove(EventKind.Message, value);
        }

        /// <summary>The client's state changed.</summary>
        public event EventHandler<StateEvent> StateChanged
        {
            add => AddHandler(EventKind.State, value);
            remove => handlers.Remove(EventKind.State, value);
        }

        /// <summary>A connection is open and greeted.</summary>
        public event EventHandler<OpenedEvent> Opened
        {
            add => AddHandler(EventKind.Opened, value);
            remove => handlers.Remove(EventKind.Opened, value);
        }

        /// <summary>A subscription is live, at first or again.</summary>
        public event EventHandler<SubscribedEvent> Subscribed
        {
            add => AddHandler(EventKind.Subscribed, value);
            remove => handlers.Remove(EventKind.Subscribed, value);
        }

        /// <summary>A subscription was ended by the gateway, or given up.</summary>
        public event EventHandler<EndedEvent> Ended
        {
            add => AddHandler(EventKind.Ended, value);
            remove => handlers.Remove(EventKind.Ended, value);
        }

        /// <summary>Messages may have been missed.</summary>
        public event EventHandler<GapEvent> Gap
        {
            add => AddHandler(EventKind.Gap, value);
            remove => handlers.Remove(EventKind.Gap, value);
        }

        /// <summary>Handlers were too slow, and messages were dropped.</summary>
        public event EventHandler<LaggedEvent> Lagged
        {
            add => AddHandler(EventKind.Lagged, value);
            remove => handlers.Remove(EventKind.Lagged, value);
        }

        /// <summary>Something went wrong that does not end the client.</summary>
        public event EventHandler<FaultEvent> Fault
        {
            add => AddHandler(EventKind.Fault, value);
            remove => handlers.Remove(EventKind.Fault, value);
        }

        /// <summary>The end.</summary>
        public event EventHandler<ClosedEvent> Closed
        {
            add => AddHandler(EventKind.Closed, value);
            remove => handlers.Remove(EventKind.Closed, value);
        }

        /// <summary>A handler threw. Without one for this, the exception goes where unhandled ones go: to the context, or to the process. The events that follow are raised all the same.</summary>
        public event EventHandler<UnhandledExceptionEventArgs> HandlerFailed
        {
            add => handlers.Failed += value;
            remove => handlers.Failed -= value;
        }

        /// <summary>Waits until the gateway has greeted. While it cannot be reached the client goes on trying: bound the wait with a token.</summary>
        /// <param name="cancellation">Ends the wait, not the client.</param>
        /// <exception cref="TopicwireException">Why the client gave up.</exception>
        /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
        public Task ConnectedAsync(CancellationToken cancellation = default) => Core.ConnectedAsync(cancellation);

        /// <summary>Reads event after event until the client ends.</summary>
        /// <param name="cancellationToken">Ends the loop; nothing is lost.</param>
        /// <exception cref="InvalidOperationException">Somebody else is reading.</exception>
        public IAsyncEnumerator<TopicwireEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default) => Main().GetAsyncEnumerator(cancellationToken);

        /// <summary>The messages alone, without what happens beside them.</summary>
        /// <param name="cancellation">Ends the loop; nothing is lost.</param>
        public IAsyncEnumerable<MessageEvent> Messages(CancellationToken cancellation = default) => Main().Messages(cancellation);

        /// <summary>The next event, or null when the client has ended.</summary>
        /// <param name="cancellation">Ends the wait; nothing is lost.</param>
        public ValueTask<TopicwireEvent?> NextAsync(CancellationToken cancellation = default) => Main().NextAsync(cancellation);

        /// <summary>The next event, or null when the time is up or the client has ended. It blocks this thread, for programs without async.</summary>
        /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
        /// <param name="cancellation">Ends the wait.</param>
        public TopicwireEvent? Poll(TimeSpan timeout, CancellationToken cancellation = default) => Main().Poll(timeout, cancellation);

        /// <summary>A stream of its own for some of the messages, with a queue of its own. What nobody wants is dropped before it is built.</summary>
        /// <param name="topics">Only these topics; null for all.</param>
        /// <param name="rooms">Only these rooms; null for all.</param>
        public EventStream Stream(IEnumerable<string>? topics = null, IEnumerable<string>? rooms = null)
        {
            return new EventStream(Core, Core.OpenLane(to =>
            {
                to.Name("filter").Open();
                if (!(topics is null)) to.Name("topics").List(topics);
                if (!(rooms is null)) to.Name("rooms").List(rooms);
                to.Close();
            }));
        }

        /// <summary>Calls something with every message of a topic.</summary>
        /// <param name="topic">The topic.</param>
        /// <param name="handler">It runs where events are raised.</param>
        /// <returns>Disposing of it takes the handler away.</returns>
        public IDisposable On(string topic, Action<MessageEvent> handler)
        {
            if (topic is null) throw new ArgumentNullException(nameof(topic));
            if (handler is null) throw new ArgumentNullException(nameof(handler));
            CloseUnread();
            handlers.Add(topic, handler);
            return new Registration(() => handlers.Remove(topic, handler));
        }

        /// <summary>Says goodbye and waits for the end.</summary>
        /// <param name="cancellation">Ends the wait; the client is aborted then.</param>
        public Task<ClosedEvent> CloseAsync(CancellationToken cancellation = default) => CloseAsync(1000, "", cancellation);

        private protected async Task<ClosedEvent> CloseAsync(int code, string reason, CancellationToken cancellation)
        {
            if (!Core.Closed.IsCompleted) Core.Close(code, reason);
            try
            {
                return await Core.Holding(Core.Closed, cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                Core.Abort();
                throw;
            }
        }

        /// <summary>Ends the client at once, without a goodbye. A second call does nothing.</summary>
        public void Dispose()
        {
            Core.Abort();
            Release();
            GC.SuppressFinalize(this);
        }

        /// <summary>Says goodbye, waits for the end (a few seconds at most), and lets everything go. A second call does nothing.</summary>
        public async ValueTask DisposeAsync()
        {
            lock (gate)
            {
                if (disposed) return;
            }
            await CloseAsync().ConfigureAwait(false);
            Release();
            GC.SuppressFinalize(this);
        }

        private void Release()
        {
            lock (gate) disposed = true;
        }

        private void AddHandler(EventKind kind, Delegate? handler)
        {
            CloseUnread();
            handlers.Add(kind, handler);
        }

        /// <summary>A client that is heard through handlers should not fill a queue that nobody reads.</summary>
        private void CloseUnread()
        {
            EventStream? unread;
            lock (gate)
            {
                if (read || main is null) return;
                unread = main;
                main = null;
            }
            unread.Dispose();
        }

        private EventStream Main()
        {
            lock (gate)
            {
                read = true;
                return main ??= new EventStream(Core, Core.OpenLane(mainOptions));
            }
        }

        private sealed class Registration : IDisposable
        {
            private Action? undo;

            internal Registration(Action undo)
            {
                this.undo = undo;
            }

            public void Dispose() => Interlocked.Exchange(ref undo, null)?.Invoke();
        }
    }

    /// <summary>Counters of a client.</summary>
    public sealed class ClientStatistics
    {
        internal ClientStatistics(long messages, long filtered, long duplicates, long faults)
        {
            Messages = messages;
            Filtered = filtered;
            Duplicates = duplicates;
            Faults = faults;
        }

        /// <summary>Messages that arrived, those that nobody wanted included.</summary>
        public long Messages { get; }

        /// <summary>Messages that nobody wanted.</summary>
        public long Filtered { get; }

        /// <summary>Messages that had come before and were dropped.</summary>
        public long Duplicates { get; }

        /// <summary>Faults.</summary>
        public long Faults { get; }
    }
}
