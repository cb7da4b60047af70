using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Topicwire.Testing;
using Topicwire.Tests.Scenarios;

namespace Topicwire.Tests
{
    [Tests]
    internal static class ClientWebSocketTests
    {
        private static async Task<ClientWebSocket> Connect(LocalGateway gateway)
        {
            var socket = new ClientWebSocket();
            await socket.ConnectAsync(new Uri(gateway.RawUrl), Check.Soon());
            return socket;
        }

        private static Task Say(WebSocket socket, string text) => socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, Check.Soon());

        public static async Task Text_and_bytes_go_there_and_back()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var socket = await Connect(gateway);
            Check.Equal(WebSocketState.Open, socket.State);
            var buffer = new byte[100];
            await socket.SendAsync(new ArraySegment<byte>(Encoding.UTF8.GetBytes("päivää")), WebSocketMessageType.Text, true, Check.Soon());
            var result = await socket.ReceiveAsync(new ArraySegment<byte>(buffer, 10, 90), Check.Soon());
            Check.Equal("päivää", Encoding.UTF8.GetString(buffer, 10, result.Count));
            Check.True(result.EndOfMessage && result.MessageType == WebSocketMessageType.Text, "a whole text");
            await socket.SendAsync(new ReadOnlyMemory<byte>(new byte[] { 0, 255 }), WebSocketMessageType.Binary, true, Check.Soon());
            var binary = await socket.ReceiveAsync(buffer.AsMemory(), Check.Soon());
            Check.True(binary.Count == 2 && binary.MessageType == WebSocketMessageType.Binary && buffer[1] == 255, "two bytes");
        }

        public static async Task A_message_is_read_piece_by_piece()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var socket = await Connect(gateway);
            await Say(socket, "0123456789");
            await Say(socket, "");
            await Say(socket, "next");
            var buffer = new byte[4];
            var nothing = await socket.ReceiveAsync(Memory<byte>.Empty, Check.Soon());
            Check.True(nothing.Count == 0 && !nothing.EndOfMessage, "a read of nothing waits for something");
            var read = "";
            ValueWebSocketReceiveResult result;
            do
            {
                result = await socket.ReceiveAsync(buffer.AsMemory(), Check.Soon());
                read += Encoding.UTF8.GetString(buffer, 0, result.Count) + (result.EndOfMessage ? "." : "|");
            }
            while (!result.EndOfMessage);
            Check.Equal("0123|4567|89.", read);
            result = await socket.ReceiveAsync(buffer.AsMemory(), Check.Soon());
            Check.True(result.Count == 0 && result.EndOfMessage, "an empty message is one");
            result = await socket.ReceiveAsync(buffer.AsMemory(), Check.Soon());
            Check.True(result.Count == 4 && result.EndOfMessage, "a message that just fits is whole");
        }

        public static async Task A_message_is_sent_piece_by_piece()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var socket = await Connect(gateway);
            foreach (var (piece, last) in new[] { ("one ", false), ("two ", false), ("three", true) })
            {
                await socket.SendAsync(Encoding.UTF8.GetBytes(piece), WebSocketMessageType.Text, last, Check.Soon());
            }
            var buffer = new byte[100];
            var result = await socket.ReceiveAsync(buffer.AsMemory(), Check.Soon());
            Check.Equal("one two three", Encoding.UTF8.GetString(buffer, 0, result.Count));
        }

        public static async Task A_large_message_goes_there_and_back()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var socket = await Connect(gateway);
            var sent = Enumerable.Range(0, 3_000_000).Select(one => (byte)(one * 7)).ToArray();
            await socket.SendAsync(sent.AsMemory(), WebSocketMessageType.Binary, true, Check.Soon());
            var got = new byte[sent.Length];
            var at = 0;
            while (true)
            {
                var result = await socket.ReceiveAsync(got.AsMemory(at), Check.Soon());
                at += result.Count;
                if (result.EndOfMessage) break;
            }
            Check.True(at == sent.Length && got.AsSpan().SequenceEqual(sent), "the same bytes");
        }

        public static async Task Closing_says_goodbye_and_waits_for_the_answer()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var socket = await Connect(gateway);
            await Say(socket, "unread");
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", Check.Soon());
            Check.Equal(WebSocketState.Closed, socket.State);
            Check.Equal<WebSocketCloseStatus?>(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
            await Check.ThrowsAsync<WebSocketException>(() => Say(socket, "too late"));
        }

        public static async Task The_peers_goodbye_is_received_and_answered()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var socket = await Connect(gateway);
            await gateway.FaultAsync("{\"fault\":\"close\",\"code\":4321,\"reason\":\"because\"}");
            var result = await socket.ReceiveAsync(new ArraySegment<byte>(new byte[10]), Check.Soon());
            Check.Equal(WebSocketMessageType.Close, result.MessageType);
            Check.Equal(4321, (int)result.CloseStatus!.Value);
            Check.Equal("because", result.CloseStatusDescription);
            Check.Equal(WebSocketState.CloseReceived, socket.State);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", Check.Soon());
            Check.Equal(WebSocketState.Closed, socket.State);
            Check.Equal(4321, (int)socket.CloseStatus!.Value);
            Check.Equal("because", socket.CloseStatusDescription);
        }

        public static async Task Half_a_goodbye_leaves_the_other_half_to_be_received()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var socket = await Connect(gateway);
            await Say(socket, "last");
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", Check.Soon());
            Check.True(socket.State == WebSocketState.CloseSent || socket.State == WebSocketState.Closed, "nothing more is sent");
            var buffer = new byte[10];
            var result = await socket.ReceiveAsync(buffer.AsMemory(), Check.Soon());
            Check.Equal("last", Encoding.UTF8.GetString(buffer, 0, result.Count));
            result = await socket.ReceiveAsync(buffer.AsMemory(), Check.Soon());
            Check.Equal(WebSocketMessageType.Close, result.MessageType);
            Check.Equal(WebSocketState.Closed, socket.State);
        }

        public static async Task A_connection_that_breaks_is_an_exception()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var socket = await Connect(gateway);
            await gateway.FaultAsync("{\"fault\":\"cut\",\"how\":\"reset\"}");
            var error = await Check.ThrowsAsync<WebSocketException>(() => socket.ReceiveAsync(new ArraySegment<byte>(new byte[10]), Check.Soon()));
            Check.Equal(WebSocketError.ConnectionClosedPrematurely, error.WebSocketErrorCode);
            Check.Equal(WebSocketState.Aborted, socket.State);
        }

        public static async Task A_cancelled_receive_ends_the_connection()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var socket = await Connect(gateway);
            using var cancel = new CancellationTokenSource(30);
            await Check.ThrowsAsync<OperationCanceledException>(() => socket.ReceiveAsync(new ArraySegment<byte>(new byte[10]), cancel.Token));
            Check.Equal(WebSocketState.Aborted, socket.State);
            await Check.ThrowsAsync<WebSocketException>(() => Say(socket, "too late"));
        }

        public static async Task A_cancelled_connect_ends_the_socket()
        {
            // It accepts, and never answers.
            var silent = new TcpListener(IPAddress.Loopback, 0);
            silent.Start();
            using var socket = new ClientWebSocket();
            using var cancel = new CancellationTokenSource();
            var connecting = socket.ConnectAsync(Address(silent), cancel.Token);
            using var client = await silent.AcceptTcpClientAsync();
            cancel.Cancel();
            await Check.ThrowsAsync<OperationCanceledException>(() => connecting);
            Check.Equal(WebSocketState.Aborted, socket.State);
            silent.Stop();
        }

        public static async Task A_cancelled_send_ends_the_connection()
        {
            // It opens the WebSocket, and reads nothing after that.
            var full = new TcpListener(IPAddress.Loopback, 0);
            full.Start();
            using var socket = new ClientWebSocket();
            var connecting = socket.ConnectAsync(Address(full), Check.Soon());
            using var peer = await Peer.Read(await full.AcceptTcpClientAsync());
            await peer.Accept(null);
            await connecting;
            var piece = new ArraySegment<byte>(new byte[1 << 20]);
            var soon = Check.Soon();
            var cancelled = false;
            while (!soon.IsCancellationRequested)
            {
                using var cancel = new CancellationTokenSource();
                var sending = socket.SendAsync(piece, WebSocketMessageType.Binary, true, cancel.Token);
                // One that waits does so for room, which never comes.
                if (await Task.WhenAny(sending, Task.Delay(100)) == sending) continue;
                cancel.Cancel();
                try
                {
                    await sending;
                }
                catch (OperationCanceledException)
                {
                    cancelled = true;
                    break;
                }
            }
            Check.True(cancelled, "a send was cancelled while it waited");
            Check.Equal(WebSocketState.Aborted, socket.State);
            full.Stop();
        }

        private static Uri Address(TcpListener listener) => new Uri($"ws://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");

        public static async Task A_second_receive_at_once_is_refused()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var socket = await Connect(gateway);
            var first = socket.ReceiveAsync(new ArraySegment<byte>(new byte[10]), Check.Soon());
            await Check.ThrowsAsync<InvalidOperationException>(() => socket.ReceiveAsync(new ArraySegment<byte>(new byte[10]), Check.Soon()));
            await Say(socket, "hello");
            Check.Equal(5, (await first).Count);
        }

        public static async Task Subprotocol_and_headers_are_sent()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var socket = new ClientWebSocket();
            socket.Options.AddSubProtocol("first.example");
            socket.Options.AddSubProtocol("second.example");
            socket.Options.SetRequestHeader("X-Test", "yes");
            await socket.ConnectAsync(gateway.RawUrl, Check.Soon());
            Check.Equal("first.example", socket.SubProtocol);
            Check.Throws<InvalidOperationException>(() => socket.Options.AddSubProtocol("third.example"));
        }

        public static async Task A_server_that_refuses_or_is_not_there_is_an_exception()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await gateway.FaultAsync("{\"fault\":\"refuse_upgrades\",\"status\":401}");
            using var refused = new ClientWebSocket();
            var error = await Check.ThrowsAsync<WebSocketException>(() => refused.ConnectAsync(new Uri(gateway.RawUrl), Check.Soon()));
            Check.True(error.Message.Contains("401"), "it says the status");
            Check.Equal(WebSocketState.Aborted, refused.State);
            var url = gateway.RawUrl;
            gateway.Dispose();
            using var alone = new ClientWebSocket();
            var reason = await Check.ThrowsAsync<WebSocketException>(() => alone.ConnectAsync(new Uri(url), Check.Soon()));
            Check.Equal(ErrorCodes.ConnectionFailed, Check.Is<TopicwireException>(reason.InnerException).Code);
        }

        public static async Task What_is_not_there_says_so()
        {
            using var socket = new ClientWebSocket();
            var error = Check.Throws<PlatformNotSupportedException>(() => socket.Options.RemoteCertificateValidationCallback = (sender, certificate, chain, errors) => true);
            Check.True(error.Message.Contains("AcceptAnyCertificate"), "it says what to use in its place");
            await Check.ThrowsAsync<InvalidOperationException>(() => Say(socket, "not connected"));
        }

        public static async Task Disposing_from_another_thread_ends_a_receive()
        {
            await using var gateway = await LocalGateway.StartAsync();
            var socket = await Connect(gateway);
            var receive = socket.ReceiveAsync(new ArraySegment<byte>(new byte[10]), Check.Soon());
            await Task.Run(() => socket.Dispose());
            socket.Dispose();
            await Check.ThrowsAsync<Exception>(() => receive);
            await Check.ThrowsAsync<ObjectDisposedException>(() => Say(socket, "too late"));
        }
    }
}
