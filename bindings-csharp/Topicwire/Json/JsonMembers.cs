using System;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Topicwire.Json
{
    /// <summary>Reads members of a small JSON object of the core's own, on platforms without System.Text.Json too.</summary>
    internal static class JsonMembers
    {
        /// <summary>The value of a member, as JSON; nothing if there is none.</summary>
        internal static ReadOnlyMemory<byte> Find(ReadOnlyMemory<byte> json, string name)
        {
            var wanted = Encoding.UTF8.GetBytes("\"" + name + "\"");
            var at = Skip(json.Span, 0, (byte)'{');
            while (at < json.Length && json.Span[at] != (byte)'}')
            {
                var key = JsonSpan.Length(json.Span.Slice(at));
                var found = json.Span.Slice(at, key).SequenceEqual(wanted);
                at = Skip(json.Span, at + key, (byte)':');
                var value = JsonSpan.Length(json.Span.Slice(at));
                if (found) return json.Slice(at, value);
                at = Skip(json.Span, at + value, (byte)',');
            }
            return default;
        }

        internal static long Number(ReadOnlyMemory<byte> json) => Utf8Parser.TryParse(json.Span, out long number, out _) ? number : 0;

        internal static bool IsTrue(ReadOnlyMemory<byte> json) => json.Length > 0 && json.Span[0] == (byte)'t';

        /// <summary>What a JSON string says; null for anything else.</summary>
        internal static string? Text(ReadOnlyMemory<byte> json)
        {
            if (json.Length < 2 || json.Span[0] != (byte)'"') return null;
            var quoted = Encoding.UTF8.GetString(json.Span.Slice(1, json.Length - 2));
            if (quoted.IndexOf('\\') < 0) return quoted;
            var text = new StringBuilder(quoted.Length);
            for (var at = 0; at < quoted.Length; at++)
            {
                if (quoted[at] != '\\' || at + 1 == quoted.Length)
                {
                    text.Append(quoted[at]);
                    continue;
                }
                at++;
                switch (quoted[at])
                {
                    case 'b': text.Append('\b'); break;
                    case 'f': text.Append('\f'); break;
                    case 'n': text.Append('\n'); break;
                    case 'r': text.Append('\r'); break;
                    case 't': text.Append('\t'); break;
                    case 'u' when at + 4 < quoted.Length && ushort.TryParse(quoted.Substring(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit):
                        text.Append((char)unit);
                        at += 4;
                        break;
                    default: text.Append(quoted[at]); break;
                }
            }
            return text.ToString();
        }

        /// <summary>Past white space and one byte, if it is there.</summary>
        private static int Skip(ReadOnlySpan<byte> json, int at, byte one)
        {
            at = Space(json, at);
            return at < json.Length && json[at] == one ? Space(json, at + 1) : at;
        }

        private static int Space(ReadOnlySpan<byte> json, int at)
        {
            while (at < json.Length && (json[at] == ' ' || json[at] == '\n' || json[at] == '\r' || json[at] == '\t')) at++;
            return at;
        }
    }
}
