using System;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Topicwire.Json;

namespace Topicwire
{
    /// <summary>Sends and receives messages over a plain WebSocket. A reader that is slow slows the sender down, as TCP does: nothing is dropped.</summary>
    /// <example>
    /// <code>
    /// await using var socket = new Raw(new RawOptions { Url = "wss://example.org/" });
    /// await socket.ConnectedAsync();
    /// await socket.SendAsync("hello");
    /// var message = await socket.ReceiveAsync();
    /// </code>
    /// </example>
    public sealed class Raw : TopicwireClient
    {
        internal const uint Binary = 1;
        internal const uint First = 2;
        internal const uint Fin = 4;

        /// <summary>A client, which begins to connect at once.</summary>
        /// <param name="options">How it behaves.</param>
        /// <exception cref="ArgumentException">An option cannot work; it is named.</exception>
        public Raw(RawOptions options) : base(options, to => { }, StreamOverflow.Block) { }

        /// <summary>Sends a text message. Completes when there is room for another.</summary>
        /// <param name="text">The message.</param>
        /// <param name="cancellation">Ends the wait; the message is on its way all the same.</param>
        /// <exception cref="TopicwireException"><c>closed</c>, <c>overflow</c>, <c>connection_failed</c>.</exception>
        public ValueTask SendAsync(string text, CancellationToken cancellation = default)
        {
            if (text is null) throw new ArgumentNullException(nameof(text));
            return Core.SendAsync(First | Fin, Encoding.UTF8.GetBytes(text), cancellation);
        }

        /// <summary>Sends a binary message. Completes when there is room for another.</summary>
        /// <param name="bytes">The message.</param>
        /// <param name="cancellation">Ends the wait; the message is on its way all the same.</param>
        /// <exception cref="TopicwireException"><c>closed</c>, <c>overflow</c>, <c>connection_failed</c>.</exception>
        public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default) => Core.SendAsync(Binary | First | Fin, bytes, cancellation);

        /// <summary>The next message, or null after the end. Other events are passed over.</summary>
        /// <param name="cancellation">Ends the wait; nothing is lost.</param>
        public async ValueTask<MessageEvent?> ReceiveAsync(CancellationToken cancellation = default)
        {
            while (await NextAsync(cancellation).ConfigureAwait(false) is { } one)
            {
                if (one is MessageEvent message) return message;
            }
            return null;
        }

        /// <summary>Sends a ping and completes with its pong's payload.</summary>
        /// <param name="payload">At most 125 bytes.</param>
        /// <param name="cancellation">Ends the wait.</param>
        /// <exception cref="TopicwireException"><c>outcome_unknown</c> when the connection was lost; <c>closed</c>.</exception>
        public async Task<ReadOnlyMemory<byte>> PingAsync(ReadOnlyMemory<byte> payload = default, CancellationToken cancellation = default)
        {
            var reply = await Core.Ask(new JsonWriter().Open().Name("type").Value("ping").Close().ToString(), payload, cancellation).ConfigureAwait(false);
            return reply.Result ?? Array.Empty<byte>();
        }

        /// <summary>Says goodbye with a close frame, and waits for the peer's. Messages that arrive meanwhile are kept.</summary>
        /// <param name="code">The close code.</param>
        /// <param name="reason">At most 123 bytes.</param>
        /// <param name="cancellation">Ends the wait; the connection is aborted then.</param>
        /// <exception cref="ArgumentException">A code that nobody may send, or a reason that is too long.</exception>
        public new Task<ClosedEvent> CloseAsync(int code, string reason = "", CancellationToken cancellation = default) => base.CloseAsync(code, reason, cancellation);
    }
}
