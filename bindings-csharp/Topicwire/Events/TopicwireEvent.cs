namespace Topicwire
{
    /// <summary>Something that happened. What it is says its class, which is what <c>switch</c> is for; <see cref="Kind"/> says the same as a number.</summary>
    /// <example>
    /// <code>
    /// switch (e)
    /// {
    ///     case MessageEvent message: Console.WriteLine(message.Topic); break;
    ///     case GapEvent gap: Console.WriteLine($"messages may be missing since {gap.Since}"); break;
    /// }
    /// </code>
    /// </example>
    public abstract class TopicwireEvent
    {
        private protected TopicwireEvent(EventKind kind)
        {
            Kind = kind;
        }

        /// <summary>What kind of event.</summary>
        public EventKind Kind { get; }

        /// <summary>The event's place in the client-wide order. It orders events of different streams; within one it has holes.</summary>
        public abstract long Seq { get; }
    }

    /// <summary>An event other than a message.</summary>
    public abstract class ControlEvent : TopicwireEvent
    {
        private readonly long seq;

        private protected ControlEvent(EventKind kind, long seq) : base(kind)
        {
            this.seq = seq;
        }

        /// <inheritdoc/>
        public override long Seq => seq;
    }
}
