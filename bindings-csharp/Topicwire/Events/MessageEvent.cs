using System;
using System.Collections.Generic;
using System.Text;
using Topicwire.Batches;
using Topicwire.Json;

namespace Topicwire
{
    /// <summary>What a payload is.</summary>
    public enum PayloadKind
    {
        /// <summary>A JSON value.</summary>
        Json = 0,

        /// <summary>Text.</summary>
        Text = 1,

        /// <summary>Bytes.</summary>
        Binary = 2,

        /// <summary>A JSON value that was sent as text within JSON, escaped and within quotes.</summary>
        JsonString = 3,
    }

    /// <summary>A message of the gateway. Nothing of it is decoded before it is touched.</summary>
    public sealed class MessageEvent : TopicwireEvent
    {
        private readonly Batch batch;
        private readonly int record;
        private int length = -1;
#if NETCOREAPP
        private System.Text.Json.JsonDocument? document;
        private System.Text.Json.JsonElement? typed;
        private bool isTyped;
#endif

        internal MessageEvent(Batch batch, int record) : base(EventKind.Message)
        {
            this.batch = batch;
            this.record = record;
        }

        /// <inheritdoc/>
        public override long Seq => (long)batch.U64(record + Layout.Seq);

        /// <summary>The topic, where the gateway has such a thing.</summary>
        public string? Topic => batch.Label(batch.U32(record + Layout.Topic));

        /// <summary>The room, group or channel, where the gateway has such a thing.</summary>
        public string? Room => batch.Label(batch.U32(record + Layout.Room));

        /// <summary>The gateway's id of the message.</summary>
        public string? Id => batch.OptionalText(record + Layout.Id);

        /// <summary>When the gateway published it, as it wrote it.</summary>
        public string? Time => batch.OptionalText(record + Layout.Time);

        /// <summary>When it arrived.</summary>
        public DateTimeOffset Received => DateTimeOffset.FromUnixTimeMilliseconds((long)batch.U64(record + Layout.Received));

        /// <summary>Which connection of the client it came by: 1, 2, …</summary>
        public int Connection => (int)batch.U32(record + Layout.Connection);

        /// <summary>What the payload is.</summary>
        public PayloadKind PayloadKind => (PayloadKind)(Flags & Layout.PayloadKind);

        /// <summary>The numbers of the subscriptions that it belongs to; perhaps none.</summary>
        public IReadOnlyList<long> Subscriptions => batch.Subscriptions(record);

        /// <summary>The payload as it was sent. It shares its memory with other messages of the same moment; copy what you keep for long.</summary>
        public ReadOnlyMemory<byte> Raw => batch.Body(record).Slice(0, Length);

        /// <summary>The payload as text: what a text says, and JSON as it was sent.</summary>
        public string Text => Encoding.UTF8.GetString(Raw.Span);

        private int Flags => batch.U16(record + Layout.Flags);

        /// <summary>The end of most payloads is not looked for before somebody asks.</summary>
        private int Length
        {
            get
            {
                if (length >= 0) return length;
                var body = batch.Body(record);
                return length = (Flags & Layout.OpenEnd) == 0 ? body.Length : JsonSpan.Length(body.Span);
            }
        }

#if NETCOREAPP
        /// <summary>The payload decoded, at the first touch.</summary>
        /// <exception cref="System.Text.Json.JsonException">The payload is not valid JSON, or is no JSON at all (<see cref="PayloadKind"/>).</exception>
        public System.Text.Json.JsonElement Data => (document ??= Decode()).RootElement;

        /// <summary>
        /// The payload as what it means, under steady names whatever the gateway wrote, amounts as strings of decimals; null where there is no such view. It is made
        /// at the first touch. The names are those that Python and Node.js have too.
        /// </summary>
        /// <example><code>if (message.Typed?.GetProperty("is_live").GetBoolean() == true) Console.WriteLine("on air");</code></example>
        public System.Text.Json.JsonElement? Typed
        {
            get
            {
                if (!isTyped)
                {
                    var json = batch.Canonical(Topic, Raw.Span);
                    if (!(json is null))
                    {
                        using var view = System.Text.Json.JsonDocument.Parse(json);
                        typed = view.RootElement.Clone();
                    }
                    isTyped = true;
                }
                return typed;
            }
        }

        private System.Text.Json.JsonDocument Decode()
        {
            if (length < 0 && (Flags & Layout.OpenEnd) != 0 && batch.EndsWithFrame && PayloadKind == PayloadKind.Json)
            {
                // Most frames end with their payload and one brace. If what stands before that brace is one JSON value, it is the payload:
                // a value cannot be continued to another one. The parser walks it anyway, so its end need not be looked for first.
                var body = batch.Body(record);
                var whole = JsonSpan.BeforeLastBrace(body.Span);
                if (whole > 0)
                {
                    try
                    {
                        var parsed = System.Text.Json.JsonDocument.Parse(body.Slice(0, whole));
                        length = whole;
                        return parsed;
                    }
                    catch (System.Text.Json.JsonException)
                    {
                        // Something else follows the payload in this lane's frames, or it is not valid.
                        batch.EndsWithFrame = false;
                    }
                }
            }
            var raw = Raw;
            if (PayloadKind == PayloadKind.JsonString)
            {
                using var outer = System.Text.Json.JsonDocument.Parse(raw);
                return System.Text.Json.JsonDocument.Parse(outer.RootElement.GetString());
            }
            return System.Text.Json.JsonDocument.Parse(raw);
        }
#endif

        /// <inheritdoc/>
        public override string ToString() => $"message on {Topic ?? "no topic"}, {batch.Body(record).Length} bytes";
    }
}
