using System;
using System.Collections.Generic;

namespace Topicwire
{
    /// <summary>The client's state changed.</summary>
    public sealed class StateEvent : ControlEvent
    {
        internal StateEvent(long seq, string from, string to, TopicwireError? cause) : base(EventKind.State, seq)
        {
            From = from;
            To = to;
            Cause = cause;
        }

        /// <summary>The state before, one of <see cref="ClientStates"/>.</summary>
        public string From { get; }

        /// <summary>The state now, one of <see cref="ClientStates"/>.</summary>
        public string To { get; }

        /// <summary>Why, where there is a reason.</summary>
        public TopicwireError? Cause { get; }
    }

    /// <summary>The states of a client. Later versions may have more.</summary>
    public static class ClientStates
    {
        /// <summary>Not connected, and nothing asks for it.</summary>
        public const string Idle = "idle";

        /// <summary>A socket is being opened.</summary>
        public const string Connecting = "connecting";

        /// <summary>The socket is open and the gateway's greeting is awaited.</summary>
        public const string AwaitingWelcome = "awaiting_welcome";

        /// <summary>Connected.</summary>
        public const string Active = "active";

        /// <summary>Connected, and moving to another connection without a break.</summary>
        public const string HandingOver = "handing_over";

        /// <summary>Disconnected, and taking the session up again that the gateway keeps.</summary>
        public const string Recovering = "recovering";

        /// <summary>Disconnected, waiting for the next attempt.</summary>
        public const string Backoff = "backoff";

        /// <summary>Ended for good.</summary>
        public const string Closed = "closed";
    }

    /// <summary>A connection is open and greeted.</summary>
    public sealed class OpenedEvent : ControlEvent
    {
        internal OpenedEvent(long seq, long connection, string? protocol, int status, bool resumed, byte[]? greeting, IReadOnlyList<KeyValuePair<string, string>> headers)
            : base(EventKind.Opened, seq)
        {
            Connection = connection;
            Protocol = protocol;
            Status = status;
            Resumed = resumed;
            Greeting = greeting is null ? (ReadOnlyMemory<byte>?)null : greeting;
            Headers = headers;
        }

        /// <summary>Which connection of this client: 1, 2, …</summary>
        public long Connection { get; }

        /// <summary>The subprotocol that the server chose.</summary>
        public string? Protocol { get; }

        /// <summary>HTTP status of the upgrade.</summary>
        public int Status { get; }

        /// <summary>Subscriptions were carried over by the gateway.</summary>
        public bool Resumed { get; }

        /// <summary>The gateway's greeting as JSON, if it sent one.</summary>
        public ReadOnlyMemory<byte>? Greeting { get; }

        /// <summary>Headers of the upgrade.</summary>
        public IReadOnlyList<KeyValuePair<string, string>> Headers { get; }
    }

    /// <summary>A subscription is live.</summary>
    public sealed class SubscribedEvent : ControlEvent
    {
        internal SubscribedEvent(long seq, long subscription, bool recovered, bool confirmed) : base(EventKind.Subscribed, seq)
        {
            Subscription = subscription;
            Recovered = recovered;
            Confirmed = confirmed;
        }

        /// <summary>Which one.</summary>
        public long Subscription { get; }

        /// <summary>It was live before, and is again.</summary>
        public bool Recovered { get; }

        /// <summary>The gateway said so. GraphQL has no such answer: there this is false, and the command is merely on its way.</summary>
        public bool Confirmed { get; }
    }

    /// <summary>A subscription was ended by the user.</summary>
    public sealed class UnsubscribedEvent : ControlEvent
    {
        internal UnsubscribedEvent(long seq, long subscription) : base(EventKind.Unsubscribed, seq)
        {
            Subscription = subscription;
        }

        /// <summary>Which one.</summary>
        public long Subscription { get; }
    }

    /// <summary>A subscription was ended by the gateway, or given up.</summary>
    public sealed class EndedEvent : ControlEvent
    {
        internal EndedEvent(long seq, long subscription, string outcome, TopicwireError? error) : base(EventKind.Ended, seq)
        {
            Subscription = subscription;
            Outcome = outcome;
            Error = error;
        }

        /// <summary>Which one.</summary>
        public long Subscription { get; }

        /// <summary>How: <c>completed</c>, <c>failed</c>, <c>stopped</c> or <c>lost</c>.</summary>
        public string Outcome { get; }

        /// <summary>Why, where it failed or was lost.</summary>
        public TopicwireError? Error { get; }
    }

    /// <summary>A stretch of time in which messages may have been missed.</summary>
    public sealed class GapEvent : ControlEvent
    {
        internal GapEvent(long seq, IReadOnlyList<long> subscriptions, DateTimeOffset since, DateTimeOffset? until, TopicwireError? cause) : base(EventKind.Gap, seq)
        {
            Subscriptions = subscriptions;
            Since = since;
            Until = until;
            Cause = cause;
        }

        /// <summary>The subscriptions concerned.</summary>
        public IReadOnlyList<long> Subscriptions { get; }

        /// <summary>When the last frame arrived before the loss.</summary>
        public DateTimeOffset Since { get; }

        /// <summary>When messages flowed again; null if they do not yet.</summary>
        public DateTimeOffset? Until { get; }

        /// <summary>Why.</summary>
        public TopicwireError? Cause { get; }
    }

    /// <summary>Nobody took messages in time, and some were dropped here.</summary>
    public sealed class LaggedEvent : ControlEvent
    {
        internal LaggedEvent(long seq, long first, long last, long count) : base(EventKind.Lagged, seq)
        {
            First = first;
            Last = last;
            Count = count;
        }

        /// <summary>Place of the first message dropped.</summary>
        public long First { get; }

        /// <summary>Place of the last message dropped.</summary>
        public long Last { get; }

        /// <summary>How many were dropped.</summary>
        public long Count { get; }
    }

    /// <summary>Something went wrong that does not end the client.</summary>
    public sealed class FaultEvent : ControlEvent
    {
        internal FaultEvent(long seq, string fault, long count, long? subscription, long? request, TopicwireError error, Exception? exception) : base(EventKind.Fault, seq)
        {
            Fault = fault;
            Count = count;
            Subscription = subscription;
            Request = request;
            Error = error;
            Exception = exception;
        }

        /// <summary>What kind of thing: <c>bad_frame</c>, <c>throttled</c>, <c>connect</c>, <c>provider</c>, …</summary>
        public string Fault { get; }

        /// <summary>How many equal faults this one stands for.</summary>
        public long Count { get; }

        /// <summary>The subscription concerned, if one is.</summary>
        public long? Subscription { get; }

        /// <summary>Details.</summary>
        public TopicwireError Error { get; }

        /// <summary>What your token provider threw, if that is it.</summary>
        public Exception? Exception { get; }

        internal long? Request { get; }
    }

    /// <summary>A WebSocket ping arrived; it has been answered.</summary>
    public sealed class PingEvent : ControlEvent
    {
        internal PingEvent(long seq, ReadOnlyMemory<byte> payload) : base(EventKind.Ping, seq)
        {
            Payload = payload;
        }

        /// <summary>Its payload.</summary>
        public ReadOnlyMemory<byte> Payload { get; }
    }

    /// <summary>A WebSocket pong arrived.</summary>
    public sealed class PongEvent : ControlEvent
    {
        internal PongEvent(long seq, ReadOnlyMemory<byte> payload) : base(EventKind.Pong, seq)
        {
            Payload = payload;
        }

        /// <summary>Its payload.</summary>
        public ReadOnlyMemory<byte> Payload { get; }
    }

    /// <summary>A WebSocket close frame. RFC 6455 §7.4.</summary>
    public sealed class CloseFrame
    {
        internal CloseFrame(int code, string reason)
        {
            Code = code;
            Reason = reason;
        }

        /// <summary>The close code; 1005 stands for an empty frame.</summary>
        public int Code { get; }

        /// <summary>At most 123 bytes.</summary>
        public string Reason { get; }
    }

    /// <summary>The end. Nothing follows in this stream.</summary>
    public sealed class ClosedEvent : ControlEvent
    {
        internal ClosedEvent(long seq, CloseFrame? received, CloseFrame? sent, bool receivedFirst, bool clean, TopicwireError? cause) : base(EventKind.Closed, seq)
        {
            Received = received;
            Sent = sent;
            ReceivedFirst = receivedFirst;
            Clean = clean;
            Cause = cause;
        }

        /// <summary>The close frame that the peer sent.</summary>
        public CloseFrame? Received { get; }

        /// <summary>The close frame that we sent.</summary>
        public CloseFrame? Sent { get; }

        /// <summary>The peer's came first.</summary>
        public bool ReceivedFirst { get; }

        /// <summary>Both sides said goodbye.</summary>
        public bool Clean { get; }

        /// <summary>Why the client ended; null when you asked for it.</summary>
        public TopicwireError? Cause { get; }
    }

    /// <summary>An event of a kind that this version does not know.</summary>
    public sealed class UnknownEvent : ControlEvent
    {
        internal UnknownEvent(long seq, int number) : base(EventKind.Unknown, seq)
        {
            Number = number;
        }

        /// <summary>The kind's number in the batch layout.</summary>
        public int Number { get; }
    }
}
