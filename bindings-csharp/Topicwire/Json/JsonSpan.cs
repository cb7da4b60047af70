using System;
using System.Runtime.InteropServices;

namespace Topicwire.Json
{
    /// <summary>Finds where one JSON value ends, without looking at what it means. Whoever decodes it finds out whether it is valid.</summary>
    internal static unsafe class JsonSpan
    {
        /// <summary>The length of the value that <paramref name="json"/> starts with, white space before it included; all of it if the value has no end.</summary>
        internal static int Length(ReadOnlySpan<byte> json)
        {
            // A pointer, not an index: the type of a read-only span's indexer differs between builds of Mono.
            fixed (byte* start = &MemoryMarshal.GetReference(json))
            {
                return Length(start, json.Length);
            }
        }

        /// <summary>The length of what stands before the brace that <paramref name="json"/> ends with; 0 if it ends otherwise.</summary>
        internal static int BeforeLastBrace(ReadOnlySpan<byte> json)
        {
            fixed (byte* start = &MemoryMarshal.GetReference(json))
            {
                var length = json.Length;
                while (length > 0 && IsSpace(start[length - 1])) length--;
                if (length == 0 || start[length - 1] != '}') return 0;
                length--;
                while (length > 0 && IsSpace(start[length - 1])) length--;
                return length;
            }
        }

        private static int Length(byte* json, int length)
        {
            var at = 0;
            while (at < length && IsSpace(json[at])) at++;
            if (at == length) return at;
            switch (json[at])
            {
                case (byte)'{':
                case (byte)'[':
                    return at + Container(json + at, length - at);
                case (byte)'"':
                    return at + Text(json + at, length - at);
                default:
                    var end = new ReadOnlySpan<byte>(json + at, length - at).IndexOfAny((byte)',', (byte)'}', (byte)']');
                    var last = end < 0 ? length : at + end;
                    while (last > at && IsSpace(json[last - 1])) last--;
                    return last;
            }
        }

        private static int Container(byte* json, int length)
        {
            var depth = 0;
            for (var at = 0; at < length;)
            {
                switch (json[at])
                {
                    case (byte)'"':
                        at += Text(json + at, length - at);
                        continue;
                    case (byte)'{':
                    case (byte)'[':
                        depth++;
                        break;
                    case (byte)'}':
                    case (byte)']':
                        if (--depth == 0) return at + 1;
                        break;
                }
                at++;
            }
            return length;
        }

        private static int Text(byte* json, int length)
        {
            for (var at = 1; ;)
            {
                if (at >= length) return length;
                var next = new ReadOnlySpan<byte>(json + at, length - at).IndexOfAny((byte)'"', (byte)'\\');
                if (next < 0) return length;
                at += next;
                if (json[at] == (byte)'"') return at + 1;
                at += 2;
            }
        }

        private static bool IsSpace(byte one) => one == ' ' || one == '\n' || one == '\r' || one == '\t';
    }
}
