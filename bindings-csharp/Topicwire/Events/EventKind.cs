namespace Topicwire
{
    /// <summary>What kind of event. The numbers are those of the batch layout; later versions may have more.</summary>
    public enum EventKind
    {
        /// <summary>A kind that this version does not know: an <see cref="UnknownEvent"/>.</summary>
        Unknown = 0,

        /// <summary>A message of the gateway.</summary>
        Message = 1,

        /// <summary>The client's state changed.</summary>
        State = 2,

        /// <summary>A connection is open and greeted.</summary>
        Opened = 3,

        /// <summary>A subscription is live.</summary>
        Subscribed = 4,

        /// <summary>A subscription was ended by the user.</summary>
        Unsubscribed = 5,

        /// <summary>A subscription was ended by the gateway, or given up.</summary>
        Ended = 6,

        /// <summary>Messages may have been missed.</summary>
        Gap = 7,

        /// <summary>Messages were dropped, since nobody took them in time.</summary>
        Lagged = 8,

        /// <summary>The answer to a request.</summary>
        Reply = 9,

        /// <summary>The core needs something of the user.</summary>
        Need = 10,

        /// <summary>A need is no longer wanted.</summary>
        NeedCancelled = 11,

        /// <summary>There is room to send again.</summary>
        Writable = 12,

        /// <summary>Something went wrong that does not end the client.</summary>
        Fault = 13,

        /// <summary>A WebSocket ping.</summary>
        Ping = 14,

        /// <summary>A WebSocket pong.</summary>
        Pong = 15,

        /// <summary>The end.</summary>
        Closed = 16,
    }
}
