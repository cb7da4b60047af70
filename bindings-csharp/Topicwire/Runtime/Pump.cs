using System;
using System.Threading;

namespace Topicwire.Runtime
{
    /// <summary>Runs a piece of work on the pool, or on a context, whenever it is asked to, never twice at once.</summary>
    internal sealed class Pump
    {
        private const int Idle = 0;
        private const int Scheduled = 1;
        private const int Running = 2;
        private const int Again = 3;

        private readonly Func<bool> slice;
        private readonly SynchronizationContext? context;
        private int state;

        /// <summary>A pump. The slice says whether there is more to do at once.</summary>
        internal Pump(Func<bool> slice, SynchronizationContext? context = null)
        {
            this.slice = slice;
            this.context = context;
        }

        internal void Schedule()
        {
            while (true)
            {
                var seen = Volatile.Read(ref state);
                var wanted = seen == Idle ? Scheduled : seen == Running ? Again : seen;
                if (wanted == seen) return;
                if (Interlocked.CompareExchange(ref state, wanted, seen) != seen) continue;
                if (seen == Idle) Post();
                return;
            }
        }

        private void Post()
        {
            if (context is null) ThreadPool.UnsafeQueueUserWorkItem(one => ((Pump)one!).Run(), this);
            else context.Post(one => ((Pump)one!).Run(), this);
        }

        private void Run()
        {
            Volatile.Write(ref state, Running);
            var done = false;
            try
            {
                while (!slice())
                {
                    if (Interlocked.CompareExchange(ref state, Idle, Running) == Running)
                    {
                        done = true;
                        return;
                    }
                    Volatile.Write(ref state, Running);
                }
            }
            finally
            {
                // There is more, or the slice threw, which must not stop what comes after it.
                if (!done)
                {
                    Volatile.Write(ref state, Scheduled);
                    Post();
                }
            }
        }
    }
}
