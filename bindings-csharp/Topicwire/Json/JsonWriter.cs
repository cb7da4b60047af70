using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Topicwire.Json
{
    /// <summary>Writes JSON for the core: options and commands. netstandard2.1 has no JSON of its own.</summary>
    internal sealed class JsonWriter
    {
        private readonly StringBuilder text = new StringBuilder(256);
        private bool first = true;

        internal JsonWriter Open()
        {
            Begin();
            text.Append('{');
            first = true;
            return this;
        }

        internal JsonWriter Close()
        {
            text.Append('}');
            first = false;
            return this;
        }

        internal JsonWriter Name(string name)
        {
            Value(name);
            text.Append(':');
            first = true;
            return this;
        }

        internal JsonWriter Value(string value)
        {
            Begin();
            text.Append('"');
            foreach (var character in value)
            {
                if (character == '"' || character == '\\') text.Append('\\').Append(character);
                else if (character < ' ' || char.IsSurrogate(character)) text.Append("\\u").Append(((int)character).ToString("x4", CultureInfo.InvariantCulture));
                else text.Append(character);
            }
            text.Append('"');
            return this;
        }

        internal JsonWriter Value(bool value)
        {
            Begin();
            text.Append(value ? "true" : "false");
            return this;
        }

        internal JsonWriter Value(long value)
        {
            Begin();
            text.Append(value.ToString(CultureInfo.InvariantCulture));
            return this;
        }

        internal JsonWriter Value(ulong value)
        {
            Begin();
            text.Append(value.ToString(CultureInfo.InvariantCulture));
            return this;
        }

        internal JsonWriter Value(double value)
        {
            // JSON has no such numbers. The core refuses `null` by the option's name.
            if (double.IsNaN(value) || double.IsInfinity(value)) return Null();
            Begin();
            text.Append(value.ToString("R", CultureInfo.InvariantCulture));
            return this;
        }

        /// <summary>A time in whole milliseconds. Less than one, but more than none, is one.</summary>
        internal JsonWriter Value(TimeSpan value, string option)
        {
            if (value < TimeSpan.Zero) throw new ArgumentException($"option `{option}`: expected a time that is not negative", option);
            return Value((long)Math.Ceiling(value.TotalMilliseconds));
        }

        internal JsonWriter Null()
        {
            Begin();
            text.Append("null");
            return this;
        }

        /// <summary>JSON that is there already.</summary>
        internal JsonWriter Raw(string json)
        {
            Begin();
            text.Append(json);
            return this;
        }

        internal JsonWriter List(IEnumerable<string> values)
        {
            OpenList();
            foreach (var value in values) Value(value);
            return CloseList();
        }

        internal JsonWriter List(IEnumerable<int> values)
        {
            OpenList();
            foreach (var value in values) Value((long)value);
            return CloseList();
        }

        internal JsonWriter List(IEnumerable<ulong> values)
        {
            OpenList();
            foreach (var value in values) Value(value);
            return CloseList();
        }

        internal JsonWriter OpenList()
        {
            Begin();
            text.Append('[');
            first = true;
            return this;
        }

        internal JsonWriter CloseList()
        {
            text.Append(']');
            first = false;
            return this;
        }

        /// <summary>Whatever a user gave as variables.</summary>
        internal JsonWriter Any(object? value, string argument)
        {
            switch (value)
            {
                case null: return Null();
                case string one: return Value(one);
                case bool one: return Value(one);
                case sbyte _:
                case byte _:
                case short _:
                case ushort _:
                case int _:
                case uint _:
                case long _: return Value(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                case ulong one: return Value(one);
                case float one: return Any((double)one, argument);
                case double one when double.IsNaN(one) || double.IsInfinity(one): throw new ArgumentException("expected numbers that JSON can say", argument);
                case double one: return Value(one);
                case decimal one: return Raw(one.ToString(CultureInfo.InvariantCulture));
                case IEnumerable<KeyValuePair<string, object?>> map:
                    Open();
                    foreach (var pair in map) Name(pair.Key).Any(pair.Value, argument);
                    return Close();
#if NETCOREAPP
                default: return Raw(System.Text.Json.JsonSerializer.Serialize(value, value.GetType()));
#else
                case IEnumerable list:
                    OpenList();
                    foreach (var one in list) Any(one, argument);
                    return CloseList();
                default:
                    throw new ArgumentException($"`{argument}`: expected a dictionary of texts, numbers, truth values, lists and dictionaries; this build has no serializer for {value.GetType()}", argument);
#endif
            }
        }

        private void Begin()
        {
            if (!first) text.Append(',');
            first = false;
        }

        public override string ToString() => text.ToString();
    }
}
