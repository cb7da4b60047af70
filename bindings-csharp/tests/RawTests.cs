using System;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Topicwire.Testing;

namespace Topicwire.Tests
{
    [Tests]
    internal static class RawTests
    {
        public static async Task Messages_and_pings_go_there_and_back()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var socket = new Raw(new RawOptions { Url = gateway.RawUrl });
            await socket.ConnectedAsync(Check.Soon());
            await socket.SendAsync("päivää", Check.Soon());
            await socket.SendAsync(new byte[] { 1, 2, 3 }, Check.Soon());
            Check.Equal("päivää", (await socket.ReceiveAsync(Check.Soon()))!.Text);
            var binary = (await socket.ReceiveAsync(Check.Soon()))!;
            Check.True(binary.PayloadKind == PayloadKind.Binary && binary.Raw.Span.SequenceEqual(new byte[] { 1, 2, 3 }), "bytes");
            Check.Equal("p", Encoding.ASCII.GetString((await socket.PingAsync(Encoding.ASCII.GetBytes("p"), Check.Soon())).Span));
            var end = await socket.CloseAsync(4000, "bye", Check.Soon());
            Check.True(end.Clean && end.Sent?.Code == 4000, "a clean end");
            Check.True(await socket.ReceiveAsync(Check.Soon()) is null, "nothing after the end");
        }

        public static async Task A_slow_reader_gets_everything()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var socket = new Raw(new RawOptions { Url = gateway.RawUrl });
            await socket.ConnectedAsync(Check.Soon());
            var payload = new string('x', 1000);
            var sending = Task.Run(async () =>
            {
                for (var at = 0; at < 20_000; at++) await socket.SendAsync(at + payload, Check.Soon());
            });
            for (var at = 0; at < 20_000; at++)
            {
                if (at % 5000 == 0) await Task.Delay(50);
                var message = (await socket.ReceiveAsync(Check.Soon()))!;
                Check.True(message.Raw.Span.StartsWith(Encoding.ASCII.GetBytes(at + "x")), "in order, nothing dropped");
            }
            await sending;
        }

        public static async Task A_server_that_is_not_there_says_so()
        {
            var gateway = await LocalGateway.StartAsync();
            var url = gateway.RawUrl;
            gateway.Dispose();
            await using var socket = new Raw(new RawOptions { Url = url });
            var error = await Check.ThrowsAsync<TopicwireException>(() => socket.ConnectedAsync(Check.Soon()));
            Check.Equal(ErrorCodes.ConnectionFailed, error.Code);
            Check.True(error.IsRetryable, "it may come back");
            Check.Equal(ErrorCodes.ConnectionFailed, (await socket.Closing).Cause?.Code);
        }

        public static async Task What_does_not_fit_is_named()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var socket = new Raw(new RawOptions { Url = gateway.RawUrl });
            await socket.ConnectedAsync(Check.Soon());
            Check.Equal("Code", (await Check.ThrowsAsync<ArgumentException>(() => socket.CloseAsync(1006))).ParamName);
            Check.Equal("Reason", (await Check.ThrowsAsync<ArgumentException>(() => socket.CloseAsync(1000, new string('x', 124)))).ParamName);
        }
    }
}
