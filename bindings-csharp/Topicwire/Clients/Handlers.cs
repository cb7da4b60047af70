using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Topicwire.Json;
using Topicwire.Runtime;

namespace Topicwire
{
    /// <summary>Events as .NET knows them: a queue of their own that opens with the first handler, and a pump that raises them.</summary>
    internal sealed class Handlers
    {
        private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(8);

        private readonly object gate = new object();
        private readonly TopicwireClient sender;
        private readonly ClientCore core;
        private readonly SynchronizationContext? context;
        private readonly Dictionary<EventKind, Delegate> byKind = new Dictionary<EventKind, Delegate>();
        private readonly Dictionary<string, Action<MessageEvent>> byTopic = new Dictionary<string, Action<MessageEvent>>();
        private LaneReader? reader;

        internal Handlers(TopicwireClient sender, ClientCore core, SynchronizationContext? context)
        {
            this.sender = sender;
            this.core = core;
            this.context = context;
        }

        internal EventHandler<UnhandledExceptionEventArgs>? Failed { get; set; }

        /// <summary>Whether there has been any handler.</summary>
        internal bool Any
        {
            get
            {
                lock (gate) return !(reader is null);
            }
        }

        internal void Add(EventKind kind, Delegate? handler)
        {
            if (handler is null) return;
            lock (gate)
            {
                byKind[kind] = byKind.TryGetValue(kind, out var before) ? Delegate.Combine(before, handler) : handler;
                Refresh();
            }
        }

        internal void Remove(EventKind kind, Delegate? handler)
        {
            lock (gate)
            {
                if (handler is null || !byKind.TryGetValue(kind, out var before)) return;
                var left = Delegate.Remove(before, handler);
                if (left is null) byKind.Remove(kind);
                else byKind[kind] = left;
                Refresh();
            }
        }

        internal void Add(string topic, Action<MessageEvent> handler)
        {
            lock (gate)
            {
                byTopic[topic] = byTopic.TryGetValue(topic, out var before) ? before + handler : handler;
                Refresh();
            }
        }

        internal void Remove(string topic, Action<MessageEvent> handler)
        {
            lock (gate)
            {
                if (!byTopic.TryGetValue(topic, out var before)) return;
                var left = before - handler;
                if (left is null) byTopic.Remove(topic);
                else byTopic[topic] = left;
                Refresh();
            }
        }

        /// <summary>The queue wants what the handlers want, all at once, so that nothing falls between.</summary>
        private void Refresh()
        {
            if (reader is null)
            {
                var pump = new Pump(Drain, context);
                reader = core.OpenLane(Options, pump.Schedule);
                // Nobody else may know the client any more, and yet it has work to do.
                reader.Hold();
                return;
            }
            try
            {
                core.SetLane(reader, Options);
            }
            catch (TopicwireException error) when (error.Code == ErrorCodes.Closed)
            {
                // It has ended; its handlers hear no more.
            }
        }

        private void Options(JsonWriter to)
        {
            to.Name("filter").Open().Name("kinds").OpenList();
            var everything = byKind.ContainsKey(EventKind.Message);
            if (everything || byTopic.Count > 0) to.Value("message");
            foreach (var kind in byKind.Keys)
            {
                if (kind != EventKind.Message) to.Value(Word(kind));
            }
            to.CloseList();
            if (!everything && byTopic.Count > 0) to.Name("topics").List(byTopic.Keys);
            to.Close();
        }

        private static string Word(EventKind kind) => kind switch
        {
            EventKind.NeedCancelled => "need_cancelled",
            _ => kind.ToString().ToLowerInvariant(),
        };

        /// <summary>A slice of the queue: so many events or so long, and then others have their turn.</summary>
        private bool Drain()
        {
            var started = Stopwatch.StartNew();
            for (var count = 0; count < Batches.Layout.MaxEvents; count++)
            {
                LaneReader? lane;
                lock (gate) lane = reader;
                var one = lane?.TryNext();
                if (one is null) return false;
                Raise(core.Dress(one));
                if ((count & 15) == 15 && started.Elapsed > Slice) return true;
            }
            return true;
        }

        private void Raise(TopicwireEvent one)
        {
            Delegate? handlers;
            Action<MessageEvent>? ofTopic = null;
            var message = one as MessageEvent;
            lock (gate)
            {
                byKind.TryGetValue(one.Kind, out handlers);
                if (!(message?.Topic is null)) byTopic.TryGetValue(message.Topic, out ofTopic);
            }
            try
            {
                switch (one)
                {
                    case MessageEvent _: ((EventHandler<MessageEvent>?)handlers)?.Invoke(sender, message!); break;
                    case StateEvent state: ((EventHandler<StateEvent>?)handlers)?.Invoke(sender, state); break;
                    case OpenedEvent opened: ((EventHandler<OpenedEvent>?)handlers)?.Invoke(sender, opened); break;
                    case GapEvent gap: ((EventHandler<GapEvent>?)handlers)?.Invoke(sender, gap); break;
                    case LaggedEvent lagged: ((EventHandler<LaggedEvent>?)handlers)?.Invoke(sender, lagged); break;
                    case FaultEvent fault: ((EventHandler<FaultEvent>?)handlers)?.Invoke(sender, fault); break;
                    case SubscribedEvent subscribed: ((EventHandler<SubscribedEvent>?)handlers)?.Invoke(sender, subscribed); break;
                    case EndedEvent ended: ((EventHandler<EndedEvent>?)handlers)?.Invoke(sender, ended); break;
                    case ClosedEvent closed: ((EventHandler<ClosedEvent>?)handlers)?.Invoke(sender, closed); break;
                }
                if (!(ofTopic is null)) ofTopic(message!);
            }
            catch (Exception error) when (!(Failed is null))
            {
                Failed(sender, new UnhandledExceptionEventArgs(error, false));
            }
        }
    }
}
