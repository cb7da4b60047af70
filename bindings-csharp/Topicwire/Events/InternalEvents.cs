namespace Topicwire
{
    /// <summary>The answer to a request.</summary>
    internal sealed class ReplyEvent : ControlEvent
    {
        internal ReplyEvent(long seq, ulong request, ulong? subscription, byte[]? result, bool confirmed, TopicwireError? error) : base(EventKind.Reply, seq)
        {
            Request = request;
            Subscription = subscription;
            Result = result;
            Confirmed = confirmed;
            Error = error;
        }

        internal ulong Request { get; }

        internal ulong? Subscription { get; }

        internal byte[]? Result { get; }

        internal bool Confirmed { get; }

        internal TopicwireError? Error { get; }
    }

    /// <summary>The core needs something of the user.</summary>
    internal sealed class NeedEvent : ControlEvent
    {
        internal NeedEvent(long seq, ulong request, string credential, string reason) : base(EventKind.Need, seq)
        {
            Request = request;
            Credential = credential;
            Reason = reason;
        }

        internal ulong Request { get; }

        internal string Credential { get; }

        internal string Reason { get; }
    }

    /// <summary>A need is no longer wanted.</summary>
    internal sealed class NeedCancelledEvent : ControlEvent
    {
        internal NeedCancelledEvent(long seq, ulong request) : base(EventKind.NeedCancelled, seq)
        {
            Request = request;
        }

        internal ulong Request { get; }
    }

    /// <summary>There is room to send again.</summary>
    internal sealed class WritableEvent : ControlEvent
    {
        internal WritableEvent(long seq) : base(EventKind.Writable, seq) { }
    }
}
