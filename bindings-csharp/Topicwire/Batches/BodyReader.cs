using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace Topicwire.Batches
{
    /// <summary>Reads the fields of an event's body, one after the other.</summary>
    internal ref struct BodyReader
    {
        private ReadOnlySpan<byte> left;

        internal BodyReader(ReadOnlySpan<byte> body)
        {
            left = body;
        }

        private ReadOnlySpan<byte> Take(int count)
        {
            if ((uint)count > (uint)left.Length) throw new InvalidDataException("a batch is shorter than it says; the native library and the assembly do not fit");
            var taken = left.Slice(0, count);
            left = left.Slice(count);
            return taken;
        }

        // Not an index: the type of a read-only span's indexer differs between builds of Mono.
        internal bool Bool() => MemoryMarshal.Read<byte>(Take(1)) != 0;

        internal uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

        internal ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

        internal string Text() => Encoding.UTF8.GetString(Take(checked((int)U32())));

        internal string? OptionalText()
        {
            var length = U32();
            return length == Layout.None ? null : Encoding.UTF8.GetString(Take(checked((int)length)));
        }

        internal byte[]? OptionalBytes()
        {
            var length = U32();
            return length == Layout.None ? null : Take(checked((int)length)).ToArray();
        }

        internal ulong? OptionalU64() => Bool() ? U64() : (ulong?)null;

        internal TopicwireError Error() => new TopicwireError(Text(), Text(), OptionalText(), OptionalText(), Bool());

        internal TopicwireError? OptionalError() => Bool() ? Error() : null;

        internal CloseFrame? OptionalClose() => Bool() ? new CloseFrame((int)U32(), Text()) : null;

        internal IReadOnlyList<ulong> Subscriptions()
        {
            var count = U32();
            var all = new List<ulong>((int)Math.Min(count, (uint)left.Length / 8));
            for (var at = 0; at < count; at++) all.Add(U64());
            return all;
        }

        internal IReadOnlyList<KeyValuePair<string, string>> Headers()
        {
            var count = U32();
            var all = new List<KeyValuePair<string, string>>((int)Math.Min(count, (uint)left.Length / 8));
            // Headers are bytes; those that are not ASCII have no agreed meaning.
            for (var at = 0; at < count; at++) all.Add(new KeyValuePair<string, string>(Text(), Encoding.UTF8.GetString(Take(checked((int)U32())))));
            return all;
        }
    }
}
