using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Topicwire.Tests.Scenarios
{
    /// <summary>The server's end of one connection.</summary>
    internal sealed class Peer : IDisposable
    {
        private readonly TcpClient client;
        private readonly NetworkStream stream;
        private readonly string head;
        private WebSocket? socket;

        private Peer(TcpClient client, string head)
        {
            this.client = client;
            this.head = head;
            stream = client.GetStream();
        }

        /// <summary>What is asked for, path and parameters.</summary>
        internal string Path => head.Split(' ')[1];

        /// <summary>The subprotocols that are offered.</summary>
        internal IEnumerable<string> Offers => Headers("sec-websocket-protocol").SelectMany(one => one.Split(',')).Select(one => one.Trim());

        private WebSocket Socket => socket ?? throw new InvalidOperationException("the connection has not been accepted");

        private IEnumerable<string> Headers(string name) =>
            head.Split("\r\n").Skip(1).Select(line => line.Split(':', 2)).Where(pair => pair.Length == 2 && pair[0].Equals(name, StringComparison.OrdinalIgnoreCase)).Select(pair => pair[1].Trim());

        internal static async Task<Peer> Read(TcpClient client)
        {
            var head = new StringBuilder();
            var one = new byte[1];
            while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                if (await client.GetStream().ReadAsync(one) == 0) throw new EndOfStreamException("the client hung up");
                head.Append((char)one[0]);
            }
            return new Peer(client, head.ToString());
        }

        internal async Task Accept(string? protocol)
        {
            using var sha = SHA1.Create();
            var answer = Convert.ToBase64String(sha.ComputeHash(Encoding.ASCII.GetBytes(Headers("sec-websocket-key").Single() + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
            var chosen = protocol is null ? "" : $"Sec-WebSocket-Protocol: {protocol}\r\n";
            await Write($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{chosen}Sec-WebSocket-Accept: {answer}\r\n\r\n");
            socket = WebSocket.CreateFromStream(stream, true, protocol, Timeout.InfiniteTimeSpan);
        }

        internal async Task Refuse(int status, IEnumerable<KeyValuePair<string, string>> headers)
        {
            var more = string.Concat(headers.Select(pair => $"{pair.Key}: {pair.Value}\r\n"));
            await Write($"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n{more}\r\n");
            Dispose();
        }

        private Task Write(string text) => stream.WriteAsync(Encoding.ASCII.GetBytes(text)).AsTask();

        internal Task Send(string text) => Socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, default);

        /// <summary>The client's next text, or null when it says goodbye or is gone.</summary>
        internal async Task<string?> Receive()
        {
            var message = new MemoryStream();
            var buffer = new byte[4096];
            while (true)
            {
                ValueWebSocketReceiveResult result;
                try
                {
                    result = await Socket.ReceiveAsync(buffer.AsMemory(), default);
                }
                catch (WebSocketException)
                {
                    return null;
                }
                if (result.MessageType == WebSocketMessageType.Close) return null;
                message.Write(buffer, 0, result.Count);
                if (!result.EndOfMessage) continue;
                if (result.MessageType == WebSocketMessageType.Text) return Encoding.UTF8.GetString(message.ToArray());
                message.SetLength(0);
            }
        }

        /// <summary>Says goodbye and waits for the answer.</summary>
        internal async Task Close(int code, string reason)
        {
            try
            {
                await Socket.CloseAsync((WebSocketCloseStatus)code, reason, default);
            }
            catch (WebSocketException)
            {
                // It is gone, which is all that was wanted.
            }
            Dispose();
        }

        /// <summary>Waits for the client's goodbye, answers it, and says its code.</summary>
        internal async Task<int?> AwaitClose()
        {
            while (!(await Receive() is null))
            {
            }
            var code = (int?)Socket.CloseStatus;
            if (Socket.State == WebSocketState.CloseReceived) await Socket.CloseOutputAsync(Socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, "", default);
            Dispose();
            return code;
        }

        public void Dispose()
        {
            socket?.Dispose();
            client.Dispose();
        }
    }
}
