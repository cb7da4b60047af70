using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;
using System.Text;

namespace Topicwire.Batches
{
    /// <summary>Events in the flat layout, read in place.</summary>
    internal sealed class Batch
    {
        private readonly byte[] buffer;
        private readonly LaneMemory cache;
        private readonly string?[] labels;
        private readonly int records;
        private readonly int recordLength;
        private readonly int stringsAt;

        internal Batch(byte[] buffer, LaneMemory cache)
        {
            this.buffer = buffer;
            this.cache = cache;
            if (buffer.Length < Layout.Header || U32(0) != Layout.Magic || U16(4) != 1)
                throw new InvalidDataException("a batch is of another version; the native library and the assembly do not fit");
            records = U16(Layout.HeaderLength);
            recordLength = U16(Layout.RecordLength);
            Count = (int)U32(Layout.Count);
            stringsAt = (int)U32(Layout.StringsAt);
            var strings = (int)U32(Layout.Strings);
            if (recordLength < Layout.Record || (long)records + (long)Count * recordLength > buffer.Length || (long)stringsAt + (long)strings * 8 > buffer.Length)
                throw new InvalidDataException("a batch is shorter than it says; the native library and the assembly do not fit");
            labels = strings == 0 ? Array.Empty<string?>() : new string?[strings];
        }

        /// <summary>Whether the frames of this lane have shown nothing behind their payloads so far.</summary>
        internal bool EndsWithFrame
        {
            get => cache.EndsWithFrame;
            set => cache.EndsWithFrame = value;
        }

        /// <summary>What the payload means, as canonical JSON; null where it has no such view.</summary>
        internal string? Canonical(string? topic, ReadOnlySpan<byte> payload) => cache.Views?.Canonical(topic, payload);

        /// <summary>How many events there are.</summary>
        internal int Count { get; }

        /// <summary>One of them.</summary>
        internal TopicwireEvent Event(int index)
        {
            var at = records + index * recordLength;
            return U16(at) == (int)EventKind.Message ? new MessageEvent(this, at) : Control(at);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal ushort U16(int at) => BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(at));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal ulong U64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(at));

        internal ReadOnlyMemory<byte> Body(int record) =>
            new ReadOnlyMemory<byte>(buffer, (int)U32(record + Layout.Body), (int)U32(record + Layout.Body + 4));

        internal string? OptionalText(int field)
        {
            var at = (int)U32(field);
            return at == 0 ? null : Encoding.UTF8.GetString(buffer, at, (int)U32(field + 4));
        }

        internal string? Label(uint index)
        {
            if (index == Layout.None) return null;
            var known = labels[index];
            if (!(known is null)) return known;
            var entry = stringsAt + (int)index * 8;
            return labels[index] = cache.Get(buffer.AsSpan((int)U32(entry), (int)U32(entry + 4)));
        }

        internal IReadOnlyList<long> Subscriptions(int record)
        {
            var flags = U16(record + Layout.Flags);
            if ((flags & Layout.HasSubject) == 0) return Array.Empty<long>();
            if ((flags & Layout.Many) == 0) return new[] { (long)U64(record + Layout.Subject) };
            var at = (int)U32(record + Layout.Subject);
            var all = new long[U32(record + Layout.Subject + 4)];
            for (var one = 0; one < all.Length; one++) all[one] = (long)U64(at + one * 8);
            return all;
        }

        private TopicwireEvent Control(int record)
        {
            var seq = (long)U64(record + Layout.Seq);
            var subject = U64(record + Layout.Subject);
            var flags = U16(record + Layout.Flags);
            var memory = Body(record);
            var body = new BodyReader(memory.Span);
            switch ((EventKind)U16(record))
            {
                case EventKind.State: return new StateEvent(seq, body.Text(), body.Text(), body.OptionalError());
                case EventKind.Opened:
                    return new OpenedEvent(seq, (long)body.U64(), body.OptionalText(), (int)body.U32(), body.Bool(), body.OptionalBytes(), body.Headers());
                case EventKind.Subscribed:
                    return new SubscribedEvent(seq, (long)subject, (flags & Layout.Recovered) != 0, (flags & Layout.Confirmed) != 0);
                case EventKind.Unsubscribed: return new UnsubscribedEvent(seq, (long)subject);
                case EventKind.Ended: return new EndedEvent(seq, (long)subject, body.Text(), body.OptionalError());
                case EventKind.Gap:
                    var since = Moment(body.U64());
                    var until = body.OptionalU64();
                    var cause = body.OptionalError();
                    return new GapEvent(seq, Signed(body.Subscriptions()), since, until is null ? (DateTimeOffset?)null : Moment(until.Value), cause);
                case EventKind.Lagged: return new LaggedEvent(seq, (long)body.U64(), (long)body.U64(), (long)body.U64());
                case EventKind.Reply:
                    if ((flags & Layout.Ok) == 0) return new ReplyEvent(seq, subject, null, null, false, body.OptionalError());
                    return new ReplyEvent(seq, subject, body.OptionalU64(), body.OptionalBytes(), (flags & Layout.Confirmed) != 0, null);
                case EventKind.Need:
                    body.U64();
                    body.Text();
                    return new NeedEvent(seq, subject, body.Text(), body.Text());
                case EventKind.NeedCancelled: return new NeedCancelledEvent(seq, subject);
                case EventKind.Writable: return new WritableEvent(seq);
                case EventKind.Fault:
                    var fault = body.Text();
                    var count = (long)body.U64();
                    var request = (long?)body.OptionalU64();
                    var error = body.OptionalError() ?? new TopicwireError(ErrorCodes.Internal, "no details", null, null, false);
                    return new FaultEvent(seq, fault, count, (flags & Layout.HasSubject) == 0 ? (long?)null : (long)subject, request, error, null);
                case EventKind.Ping: return new PingEvent(seq, memory);
                case EventKind.Pong: return new PongEvent(seq, memory);
                case EventKind.Closed:
                    return new ClosedEvent(seq, body.OptionalClose(), body.OptionalClose(), body.Bool(), body.Bool(), body.OptionalError());
                default: return new UnknownEvent(seq, U16(record));
            }
        }

        private static DateTimeOffset Moment(ulong milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds((long)milliseconds);

        private static IReadOnlyList<long> Signed(IReadOnlyList<ulong> numbers)
        {
            var all = new long[numbers.Count];
            for (var at = 0; at < all.Length; at++) all[at] = (long)numbers[at];
            return all;
        }
    }
}
