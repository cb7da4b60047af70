using System;
using System.Runtime.InteropServices;
using System.Text;
using Topicwire.Interop;

namespace Topicwire.Batches
{
    /// <summary>What a lane has shown of itself before: above all, topics and rooms as strings that are made once: a lane sees the same few again and again. Any thread may ask.</summary>
    internal sealed class LaneMemory
    {
        private const int Slots = 32;
        private readonly Entry?[] entries = new Entry?[Slots];

        internal bool EndsWithFrame { get; set; } = true;

        /// <summary>What the lane's payloads mean. It outlives the client, since events do; none for batches of no client.</summary>
        internal Views? Views { get; set; }

        internal string Get(ReadOnlySpan<byte> label)
        {
            var slot = Hash(label) & (Slots - 1);
            var known = entries[slot];
            if (!(known is null) && label.SequenceEqual(known.Bytes)) return known.Text;
            var made = new Entry(label.ToArray(), Encoding.UTF8.GetString(label));
            entries[slot] = made;
            return made.Text;
        }

        private static int Hash(ReadOnlySpan<byte> label)
        {
            if (label.IsEmpty) return 0;
            // Topics differ at their ends, rooms anywhere.
            return label.Length + At(label, label.Length - 1) * 31 + At(label, label.Length / 2) * 7 + At(label, label.Length / 4);
        }

        // Not an index: the type of a read-only span's indexer differs between builds of Mono.
        private static byte At(ReadOnlySpan<byte> label, int place) => MemoryMarshal.Read<byte>(label.Slice(place));

        private sealed class Entry
        {
            internal Entry(byte[] bytes, string text)
            {
                Bytes = bytes;
                Text = text;
            }

            internal byte[] Bytes { get; }

            internal string Text { get; }
        }
    }
}
