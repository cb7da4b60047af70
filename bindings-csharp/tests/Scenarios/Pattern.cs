using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;

namespace Topicwire.Tests.Scenarios
{
    /// <summary>JSON that must be there, and names for what was found. A text that starts with <c>$</c> is a name.</summary>
    internal sealed class Pattern
    {
        private readonly Dictionary<string, JsonElement> kept = new Dictionary<string, JsonElement>();

        private static string? Name(JsonElement one) =>
            one.ValueKind == JsonValueKind.String && one.GetString()!.StartsWith("$", StringComparison.Ordinal) ? one.GetString() : null;

        /// <summary>Whether a value has what a pattern asks for. Objects may have more members; a null asks for absence as well.</summary>
        internal bool Matches(JsonElement pattern, JsonElement value)
        {
            if (Name(pattern) is { } name)
            {
                if (kept.TryGetValue(name, out var known)) return Same(known, value);
                kept[name] = value;
                return true;
            }
            if (pattern.ValueKind != value.ValueKind) return false;
            switch (pattern.ValueKind)
            {
                case JsonValueKind.Object:
                    return pattern.EnumerateObject().All(wanted => value.TryGetProperty(wanted.Name, out var there) ? Matches(wanted.Value, there) : wanted.Value.ValueKind == JsonValueKind.Null);
                case JsonValueKind.Array:
                    return pattern.GetArrayLength() == value.GetArrayLength() && pattern.EnumerateArray().Zip(value.EnumerateArray(), Matches).All(one => one);
                default:
                    return Same(pattern, value);
            }
        }

        /// <summary>A template with what was kept in place of its names.</summary>
        internal string Fill(JsonElement template)
        {
            using var stream = new MemoryStream();
            using (var to = new Utf8JsonWriter(stream)) Fill(to, template);
            return Encoding.UTF8.GetString(stream.ToArray());
        }

        private void Fill(Utf8JsonWriter to, JsonElement template)
        {
            if (Name(template) is { } name && kept.TryGetValue(name, out var known))
            {
                known.WriteTo(to);
                return;
            }
            switch (template.ValueKind)
            {
                case JsonValueKind.Object:
                    to.WriteStartObject();
                    foreach (var member in template.EnumerateObject())
                    {
                        to.WritePropertyName(member.Name);
                        Fill(to, member.Value);
                    }
                    to.WriteEndObject();
                    break;
                case JsonValueKind.Array:
                    to.WriteStartArray();
                    foreach (var one in template.EnumerateArray()) Fill(to, one);
                    to.WriteEndArray();
                    break;
                default:
                    template.WriteTo(to);
                    break;
            }
        }

        internal static bool Same(JsonElement one, JsonElement other)
        {
            if (one.ValueKind != other.ValueKind) return false;
            switch (one.ValueKind)
            {
                case JsonValueKind.Object:
                    var members = one.EnumerateObject().ToList();
                    return members.Count == other.EnumerateObject().Count() && members.All(member => other.TryGetProperty(member.Name, out var there) && Same(member.Value, there));
                case JsonValueKind.Array:
                    return one.GetArrayLength() == other.GetArrayLength() && one.EnumerateArray().Zip(other.EnumerateArray(), Same).All(each => each);
                case JsonValueKind.String:
                    return one.GetString() == other.GetString();
                default:
                    return one.GetRawText() == other.GetRawText();
            }
        }
    }
}
