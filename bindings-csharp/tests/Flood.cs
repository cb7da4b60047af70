using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Topicwire.Tests.Scenarios;

namespace Topicwire.Tests
{
    /// <summary>A server that sends the same message as fast as whoever connects takes it.</summary>
    internal sealed class Flood : IDisposable
    {
        internal const string Message = "{\"type\":\"message\",\"topic\":\"channel.activities\",\"data\":{\"type\":\"follow\",\"user\":\"quiet_otter\",\"note\":\"an event like any other, of some two hundred bytes, which is what most of a gateway's events are\"}}";
        private readonly TcpListener listener = new TcpListener(IPAddress.Loopback, 0);

        internal Flood()
        {
            listener.Start();
            _ = Serve();
        }

        internal string Url => $"ws://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/";

        private async Task Serve()
        {
            try
            {
                while (true)
                {
                    var client = await listener.AcceptTcpClientAsync();
                    _ = Task.Factory.StartNew(() => Send(client), TaskCreationOptions.LongRunning).Unwrap();
                }
            }
            catch (Exception error) when (error is ObjectDisposedException || error is SocketException || error is InvalidOperationException)
            {
                // The test is over.
            }
        }

        private static async Task Send(TcpClient client)
        {
            using var peer = await Peer.Read(client);
            await peer.Accept(null);
            var text = Encoding.UTF8.GetBytes(Message);
            var frames = new MemoryStream();
            while (frames.Length < 64 << 10)
            {
                // Final text frame with a length of two bytes, unmasked.
                frames.Write(new byte[] { 0x81, 126, (byte)(text.Length >> 8), (byte)text.Length });
                frames.Write(text);
            }
            try
            {
                while (true) client.Client.Send(frames.GetBuffer(), 0, (int)frames.Length, SocketFlags.None);
            }
            catch (SocketException)
            {
                // It has had enough.
            }
        }

        public void Dispose()
        {
            listener.Stop();
        }
    }
}
