using System;

namespace Topicwire.Json
{
    /// <summary>Finds where one JSON value ends, without looking at what it means. Whoever decodes it finds out whether it is valid.</summary>
    internal static class JsonSpan
    {
        /// <summary>The length of the value that <paramref name="json"/> starts with, white space before it included; all of it if the value has no end.</summary>
        internal static int Length(ReadOnlySpan<byte> json)
        {
            var at = 0;
            while (at < json.Length && IsSpace(json[at])) at++;
            if (at == json.Length) return at;
            switch (json[at])
            {
                case (byte)'{':
                case (byte)'[':
                    return at + Container(json.Slice(at));
                case (byte)'"':
                    return at + Text(json.Slice(at));
                default:
                    var end = json.Slice(at).IndexOfAny((byte)',', (byte)'}', (byte)']');
                    var length = end < 0 ? json.Length : at + end;
                    while (length > at && IsSpace(json[length - 1])) length--;
                    return length;
            }
        }

        private static int Container(ReadOnlySpan<byte> json)
        {
            var depth = 0;
            for (var at = 0; at < json.Length;)
            {
                switch (json[at])
                {
                    case (byte)'"':
                        at += Text(json.Slice(at));
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
            return json.Length;
        }

        private static int Text(ReadOnlySpan<byte> json)
        {
            for (var at = 1; ;)
            {
                var next = json.Slice(at).IndexOfAny((byte)'"', (byte)'\\');
                if (next < 0) return json.Length;
                at += next;
                if (json[at] == (byte)'"') return at + 1;
                at += 2;
                if (at >= json.Length) return json.Length;
            }
        }

        private static bool IsSpace(byte one) => one == ' ' || one == '\n' || one == '\r' || one == '\t';
    }
}
