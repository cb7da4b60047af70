using System;
using System.Text;
using Topicwire.Json;

namespace Topicwire
{
    /// <summary>What is sent to a group or with an event. A string is text and bytes are binary by themselves; <see cref="Json"/> makes JSON.</summary>
    public readonly struct WebPubSubData
    {
        private WebPubSubData(WebPubSubDataType type, ReadOnlyMemory<byte> bytes)
        {
            Type = type;
            Bytes = bytes;
        }

        /// <summary>What it is.</summary>
        public WebPubSubDataType Type { get; }

        /// <summary>It, as bytes.</summary>
        public ReadOnlyMemory<byte> Bytes { get; }

        /// <summary>Text.</summary>
        /// <param name="text">It.</param>
        public static WebPubSubData Text(string text) =>
            new WebPubSubData(WebPubSubDataType.Text, Encoding.UTF8.GetBytes(text ?? throw new ArgumentNullException(nameof(text))));

        /// <summary>Bytes.</summary>
        /// <param name="bytes">They. They must not change before the command is answered.</param>
        public static WebPubSubData Binary(ReadOnlyMemory<byte> bytes) => new WebPubSubData(WebPubSubDataType.Binary, bytes);

        /// <summary>A serialised <c>google.protobuf.Any</c>.</summary>
        /// <param name="bytes">It.</param>
        public static WebPubSubData Protobuf(ReadOnlyMemory<byte> bytes) => new WebPubSubData(WebPubSubDataType.Protobuf, bytes);

        /// <summary>JSON.</summary>
        /// <param name="value">A dictionary, a list, a number, a string, …, or with System.Text.Json any object that can be serialized.</param>
        /// <exception cref="ArgumentException">It cannot be written as JSON.</exception>
        public static WebPubSubData Json(object? value) => JsonText(new JsonWriter().Any(value, nameof(value)).ToString());

        /// <summary>JSON that is written already.</summary>
        /// <param name="json">It.</param>
        public static WebPubSubData JsonText(string json) =>
            new WebPubSubData(WebPubSubDataType.Json, Encoding.UTF8.GetBytes(json ?? throw new ArgumentNullException(nameof(json))));

        /// <summary>A string is text.</summary>
        /// <param name="text">It.</param>
        public static implicit operator WebPubSubData(string text) => Text(text);

        /// <summary>Bytes are binary.</summary>
        /// <param name="bytes">They.</param>
        public static implicit operator WebPubSubData(byte[] bytes) => Binary(bytes ?? throw new ArgumentNullException(nameof(bytes)));

        /// <summary>Bytes are binary.</summary>
        /// <param name="bytes">They.</param>
        public static implicit operator WebPubSubData(ReadOnlyMemory<byte> bytes) => Binary(bytes);
    }

    /// <summary>How the service acknowledged a command.</summary>
    public sealed class WebPubSubAcknowledgement
    {
        internal WebPubSubAcknowledgement(ReadOnlyMemory<byte> result)
        {
            AckId = JsonMembers.Number(JsonMembers.Find(result, "ack_id"));
            IsDuplicated = JsonMembers.IsTrue(JsonMembers.Find(result, "duplicate"));
        }

        /// <summary>The number under which it was done, in however many attempts.</summary>
        public long AckId { get; }

        /// <summary>The service had done it before, in an attempt whose acknowledgement was lost.</summary>
        public bool IsDuplicated { get; }
    }

    /// <summary>What an invocation answered.</summary>
    public sealed class WebPubSubInvocation
    {
        internal WebPubSubInvocation(ReadOnlyMemory<byte> result)
        {
            var data = JsonMembers.Find(result, "data");
            var type = JsonMembers.Text(JsonMembers.Find(result, "data_type"));
            DataType = type == "text" ? WebPubSubDataType.Text : type == "binary" ? WebPubSubDataType.Binary : type == "protobuf" ? WebPubSubDataType.Protobuf : WebPubSubDataType.Json;
            var text = DataType == WebPubSubDataType.Json ? null : JsonMembers.Text(data);
            Raw = text is null ? data : DataType == WebPubSubDataType.Text ? Encoding.UTF8.GetBytes(text) : Convert.FromBase64String(text);
        }

        /// <summary>What the data is.</summary>
        public WebPubSubDataType DataType { get; }

        /// <summary>The data: JSON, a text in UTF-8, or bytes.</summary>
        public ReadOnlyMemory<byte> Raw { get; }

        /// <summary>The data as text.</summary>
        public string Text => Encoding.UTF8.GetString(Raw.Span);

#if NETCOREAPP
        /// <summary>The data decoded.</summary>
        /// <exception cref="System.Text.Json.JsonException">It is no JSON (<see cref="DataType"/>).</exception>
        public System.Text.Json.JsonElement Data => System.Text.Json.JsonDocument.Parse(Raw).RootElement;
#endif
    }
}
