using System;
using System.Collections.Concurrent;
using System.Threading;
using System.Threading.Tasks;
using System.Linq;

namespace Topicwire.Runtime
{
    /// <summary>Clients that are open when the process ends have a tenth of a second, all together, to say goodbye.</summary>
    internal static class Exit
    {
        private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);
        private static readonly ConcurrentDictionary<ClientCore.Ticket, bool> Open = new ConcurrentDictionary<ClientCore.Ticket, bool>();
        private static int watching;

        internal static void Add(ClientCore.Ticket ticket)
        {
            if (Interlocked.Exchange(ref watching, 1) == 0)
            {
                AppDomain.CurrentDomain.ProcessExit += Goodbye;
                // A handler of the process would keep us loaded.
                Host.BeforeUnload(() => AppDomain.CurrentDomain.ProcessExit -= Goodbye);
            }
            Open[ticket] = true;
        }

        internal static void Remove(ClientCore.Ticket ticket)
        {
            Open.TryRemove(ticket, out _);
        }

        private static void Goodbye(object? sender, EventArgs e)
        {
            try
            {
                var ends = Open.Keys.Select(one => one.SayGoodbye()).Where(one => !(one is null)).Select(one => one!).ToArray();
                if (ends.Length > 0) Task.WaitAll(ends, Patience);
            }
            catch (Exception)
            {
                // Nothing may stand in the way of the end.
            }
            Dispatcher.Stop();
        }
    }
}
