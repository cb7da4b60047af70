using System;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Topicwire.Runtime;

namespace Topicwire
{
    /// <summary>
    /// Stands in for <see cref="System.Net.WebSockets.ClientWebSocket"/>: put <c>using ClientWebSocket = Topicwire.ClientWebSocket;</c> on top of a program and change
    /// nothing else.
    /// </summary>
    /// <remarks>
    /// <para>What differs: a close frame of the peer is answered at once, so nothing can be sent after it has arrived; the keep-alive is a ping, not an unasked pong; certificates
    /// are judged by native code (<see cref="ClientWebSocketOptions.RemoteCertificateValidationCallback"/>); permessage-deflate is not spoken.</para>
    /// <para>One receive and one send may be under way at a time. Cancelling either ends the connection, as it does there.</para>
    /// </remarks>
    public sealed class ClientWebSocket : WebSocket
    {
        private readonly object gate = new object();
        private ClientCore? core;
        private LaneReader? reader;
        private MessageEvent? message;
        private ReadOnlyMemory<byte> left;
        private ClosedEvent? closed;
        private WebSocketState state = WebSocketState.None;
        private WebSocketCloseStatus? closeStatus;
        private string? closeDescription;
        private string? subProtocol;
        private bool midMessage;
        private bool disposed;
        private int receiving;

        /// <summary>How to connect. It can be changed until <see cref="ConnectAsync(Uri, CancellationToken)"/>.</summary>
        public ClientWebSocketOptions Options { get; } = new ClientWebSocketOptions();

        /// <inheritdoc/>
        public override WebSocketCloseStatus? CloseStatus => closeStatus;

        /// <inheritdoc/>
        public override string? CloseStatusDescription => closeDescription;

        /// <inheritdoc/>
        public override WebSocketState State
        {
            get
            {
                lock (gate) return state;
            }
        }

        /// <inheritdoc/>
        public override string? SubProtocol => subProtocol;

        /// <summary>Connects.</summary>
        /// <param name="uri">A <c>ws</c> or <c>wss</c> address.</param>
        /// <param name="cancellationToken">Cancelling ends the socket.</param>
        /// <exception cref="WebSocketException">The server could not be reached, or refused; its inner exception says why.</exception>
        public Task ConnectAsync(string uri, CancellationToken cancellationToken) => ConnectAsync(new Uri(uri), cancellationToken);

        /// <summary>Connects.</summary>
        /// <param name="uri">A <c>ws</c> or <c>wss</c> address.</param>
        /// <param name="cancellationToken">Cancelling ends the socket.</param>
        /// <exception cref="ArgumentException">The address or an option cannot work.</exception>
        /// <exception cref="WebSocketException">The server could not be reached, or refused; its inner exception says why.</exception>
        public async Task ConnectAsync(Uri uri, CancellationToken cancellationToken)
        {
            if (uri is null) throw new ArgumentNullException(nameof(uri));
            if (!uri.IsAbsoluteUri || (uri.Scheme != "ws" && uri.Scheme != "wss")) throw new ArgumentException("expected an address that starts with ws:// or wss://", nameof(uri));
            lock (gate)
            {
                if (disposed) throw new ObjectDisposedException(nameof(ClientWebSocket));
                if (state != WebSocketState.None) throw new InvalidOperationException("the socket has been started already");
                state = WebSocketState.Connecting;
            }
            try
            {
                var raw = Options.Freeze(uri);
                var made = new ClientCore(raw.ToJson(), null);
                var lane = made.OpenLane(to => to.Name("overflow").Value("block"));
                lock (gate)
                {
                    core = made;
                    reader = lane;
                }
                if (disposed) made.Abort();
                made.Connect();
                while (true)
                {
                    var one = await NextAsync(lane, cancellationToken).ConfigureAwait(false);
                    if (one is OpenedEvent opened)
                    {
                        subProtocol = opened.Protocol;
                        Move(WebSocketState.Connecting, WebSocketState.Open);
                        return;
                    }
                    if (one is ClosedEvent end) throw Refused(made, end);
                    if (one is null) throw new WebSocketException(WebSocketError.Faulted, "the socket was ended while it connected");
                }
            }
            catch (Exception error)
            {
                Fail();
                if (error is OperationCanceledException || error is WebSocketException || error is ArgumentException) throw;
                throw new WebSocketException(WebSocketError.Faulted, "Unable to connect to the remote server", error);
            }
        }

        private static WebSocketException Refused(ClientCore core, ClosedEvent end)
        {
            var inner = end.Cause is null ? null : TopicwireException.Of(end.Cause);
            var refusal = core.Refusal();
            var text = refusal is null
                ? "Unable to connect to the remote server"
                : $"The server returned status code '{refusal.Status}' when status code '101' was expected.";
            return new WebSocketException(refusal is null ? WebSocketError.Faulted : WebSocketError.NotAWebSocket, text, inner);
        }

        private static async ValueTask<TopicwireEvent?> NextAsync(LaneReader lane, CancellationToken cancellation)
        {
            while (true)
            {
                var one = lane.TryNext();
                if (!(one is null)) return one;
                if (lane.Finished) return null;
                await lane.WaitAsync(cancellation).ConfigureAwait(false);
            }
        }

        /// <inheritdoc/>
        public override async Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken)
        {
            if (buffer.Array is null) throw new ArgumentNullException(nameof(buffer));
            var result = await ReceiveAsync(buffer.AsMemory(), cancellationToken).ConfigureAwait(false);
            return result.MessageType == WebSocketMessageType.Close
                ? new WebSocketReceiveResult(0, WebSocketMessageType.Close, true, closeStatus, closeDescription)
                : new WebSocketReceiveResult(result.Count, result.MessageType, result.EndOfMessage);
        }

        /// <inheritdoc/>
        public override ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            try
            {
                Demand(WebSocketState.Open, WebSocketState.CloseSent);
            }
            catch (Exception error)
            {
                return new ValueTask<ValueWebSocketReceiveResult>(Task.FromException<ValueWebSocketReceiveResult>(error));
            }
            if (Interlocked.Exchange(ref receiving, 1) != 0)
            {
                var error = new InvalidOperationException("there is a receive under way already; one at a time is allowed");
                return new ValueTask<ValueWebSocketReceiveResult>(Task.FromException<ValueWebSocketReceiveResult>(error));
            }
            if (!cancellationToken.IsCancellationRequested && (!(message is null) || Take(reader!.TryNext())))
            {
                var result = Give(buffer.Span);
                Volatile.Write(ref receiving, 0);
                return new ValueTask<ValueWebSocketReceiveResult>(result);
            }
            return Wait(buffer, cancellationToken);
        }

        private async ValueTask<ValueWebSocketReceiveResult> Wait(Memory<byte> buffer, CancellationToken cancellation)
        {
            try
            {
                while (closed is null)
                {
                    var one = await NextAsync(reader!, cancellation).ConfigureAwait(false);
                    if (Take(one)) return Give(buffer.Span);
                    if (one is null) break;
                }
                return End();
            }
            catch (OperationCanceledException)
            {
                // As the other one does: whoever cancels a receive has no use for the connection.
                Abort();
                throw;
            }
            finally
            {
                Volatile.Write(ref receiving, 0);
            }
        }

        /// <summary>Keeps a message to be read from. True if it was one.</summary>
        private bool Take(TopicwireEvent? one)
        {
            if (one is ClosedEvent end) closed = end;
            if (!(one is MessageEvent arrived)) return false;
            message = arrived;
            left = arrived.Raw;
            return true;
        }

        private ValueWebSocketReceiveResult Give(Span<byte> buffer)
        {
            var count = Math.Min(buffer.Length, left.Length);
            left.Span.Slice(0, count).CopyTo(buffer);
            left = left.Slice(count);
            var type = message!.PayloadKind == PayloadKind.Binary ? WebSocketMessageType.Binary : WebSocketMessageType.Text;
            var last = left.IsEmpty;
            if (last) message = null;
            return new ValueWebSocketReceiveResult(count, type, last);
        }

        /// <summary>What a receive says of the end.</summary>
        private ValueWebSocketReceiveResult End()
        {
            var end = closed;
            if (end?.Received is null)
            {
                if (State == WebSocketState.Aborted) throw new OperationCanceledException("the socket was aborted");
                Fail();
                var inner = end?.Cause is null ? null : TopicwireException.Of(end.Cause);
                throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely, "The remote party closed the WebSocket connection without completing the close handshake.", inner);
            }
            Remember(end.Received);
            if (!Move(WebSocketState.Open, WebSocketState.CloseReceived)) Move(WebSocketState.CloseSent, WebSocketState.Closed);
            return new ValueWebSocketReceiveResult(0, WebSocketMessageType.Close, true);
        }

        private void Remember(CloseFrame received)
        {
            closeStatus = received.Code == 1005 ? WebSocketCloseStatus.NormalClosure : (WebSocketCloseStatus)received.Code;
            closeDescription = received.Reason;
        }

        /// <inheritdoc/>
        public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken)
        {
            if (buffer.Array is null) throw new ArgumentNullException(nameof(buffer));
            return SendAsync(buffer.AsMemory(), messageType, endOfMessage, cancellationToken).AsTask();
        }

        /// <inheritdoc/>
        public override ValueTask SendAsync(ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken)
        {
            if (messageType != WebSocketMessageType.Text && messageType != WebSocketMessageType.Binary)
            {
                throw new ArgumentException("expected Text or Binary; a close frame is sent with CloseAsync", nameof(messageType));
            }
            try
            {
                Demand(WebSocketState.Open, WebSocketState.CloseReceived);
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch (OperationCanceledException)
            {
                return new ValueTask(Task.FromCanceled(cancellationToken));
            }
            catch (Exception error)
            {
                return new ValueTask(Task.FromException(error));
            }
            var flags = (messageType == WebSocketMessageType.Binary ? Raw.Binary : 0) | (midMessage ? 0 : Raw.First) | (endOfMessage ? Raw.Fin : 0);
            ValueTask sent;
            try
            {
                sent = core!.SendAsync(flags, buffer, cancellationToken);
            }
            catch (TopicwireException error)
            {
                return new ValueTask(Task.FromException(Broken(error)));
            }
            midMessage = !endOfMessage;
            return sent.IsCompletedSuccessfully ? default : Sending(sent);
        }

        private async ValueTask Sending(ValueTask sent)
        {
            try
            {
                await sent.ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                Abort();
                throw;
            }
            catch (TopicwireException error)
            {
                throw Broken(error);
            }
        }

        private static WebSocketException Broken(TopicwireException error) =>
            new WebSocketException(error.Code == ErrorCodes.Closed ? WebSocketError.InvalidState : WebSocketError.ConnectionClosedPrematurely, error.Message, error);

        /// <inheritdoc/>
        public override async Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken)
        {
            Demand(WebSocketState.Open, WebSocketState.CloseReceived, WebSocketState.CloseSent);
            // The peer's frame has been answered already.
            if (Move(WebSocketState.CloseReceived, WebSocketState.Closed)) return;
            Goodbye(closeStatus, statusDescription);
            Move(WebSocketState.Open, WebSocketState.CloseSent);
            try
            {
                var end = await core!.Holding(core.Closed, cancellationToken).ConfigureAwait(false);
                if (end.Received is null)
                {
                    Fail();
                    throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely, "The remote party closed the WebSocket connection without completing the close handshake.");
                }
                Remember(end.Received);
                Move(WebSocketState.CloseSent, WebSocketState.Closed);
            }
            catch (OperationCanceledException)
            {
                Abort();
                throw;
            }
        }

        /// <inheritdoc/>
        public override Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken)
        {
            Demand(WebSocketState.Open, WebSocketState.CloseReceived, WebSocketState.CloseSent);
            if (Move(WebSocketState.CloseReceived, WebSocketState.Closed)) return Task.CompletedTask;
            Goodbye(closeStatus, statusDescription);
            Move(WebSocketState.Open, WebSocketState.CloseSent);
            return Task.CompletedTask;
        }

        private void Goodbye(WebSocketCloseStatus status, string? description)
        {
            if (status == WebSocketCloseStatus.Empty && !string.IsNullOrEmpty(description))
            {
                throw new ArgumentException("a close frame without a status has no room for a description", nameof(description));
            }
            if (State == WebSocketState.Open && !core!.Closed.IsCompleted) core.Close((int)status, description ?? "");
        }

        /// <inheritdoc/>
        public override void Abort()
        {
            Fail();
            core?.Abort();
        }

        /// <inheritdoc/>
        public override void Dispose()
        {
            lock (gate)
            {
                if (disposed) return;
                disposed = true;
                if (state != WebSocketState.Aborted) state = WebSocketState.Closed;
            }
            core?.Abort();
            reader?.Dispose();
        }

        private void Fail()
        {
            lock (gate)
            {
                if (state != WebSocketState.Closed) state = WebSocketState.Aborted;
            }
        }

        private bool Move(WebSocketState from, WebSocketState to)
        {
            lock (gate)
            {
                if (state != from) return false;
                state = to;
                return true;
            }
        }

        private void Demand(WebSocketState one, WebSocketState other, WebSocketState third = WebSocketState.None)
        {
            WebSocketState now;
            lock (gate)
            {
                if (disposed) throw new ObjectDisposedException(nameof(ClientWebSocket));
                now = state;
            }
            if (now == WebSocketState.None || now == WebSocketState.Connecting) throw new InvalidOperationException("the socket is not connected");
            if (now == one || now == other || now == third) return;
            var valid = third == WebSocketState.None ? $"{one}, {other}" : $"{one}, {other}, {third}";
            throw new WebSocketException(
                WebSocketError.InvalidState,
                $"The WebSocket is in an invalid state ('{now}') for this operation. Valid states are: '{valid}'");
        }
    }
}
