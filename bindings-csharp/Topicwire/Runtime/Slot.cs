using System;

namespace Topicwire.Runtime
{
    /// <summary>
    /// A reader's place at the dispatcher. It holds the reader weakly, so that a client that was forgotten can be collected, and strongly while somebody waits for it.
    /// </summary>
    internal sealed class Slot
    {
        private readonly WeakReference<LaneReader> reader;
        private volatile LaneReader? held;

        internal Slot(ulong token, LaneReader reader)
        {
            Token = token;
            this.reader = new WeakReference<LaneReader>(reader);
        }

        internal ulong Token { get; }

        internal void Hold(LaneReader one)
        {
            held = one;
        }

        internal void LetGo()
        {
            held = null;
        }

        internal void Signal()
        {
            if (reader.TryGetTarget(out var one)) one.Signal();
        }
    }
}
