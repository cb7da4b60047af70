using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Net.Http;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;

namespace Topicwire.Testing
{
    /// <summary>
    /// The server side of every gateway on this machine, in a process of its own: it takes any token, publishes what it is told to, and goes wrong on request. It ends when
    /// it is disposed of, and when this process does.
    /// </summary>
    /// <remarks>docs/gateway.md describes its control API, which <see cref="ControlAsync"/> reaches all of.</remarks>
    /// <example>
    /// <code>
    /// await using var gateway = await LocalGateway.StartAsync();
    /// await using var astro = new Astro(new AstroOptions { Url = gateway.AstroUrl, Token = "any" });
    /// await astro.SubscribeAsync("channel.tips", LocalGateway.DefaultRoom);
    /// await gateway.PublishAstroAsync("channel.tips", "{\"amount\":5}");
    /// </code>
    /// </example>
    public sealed class LocalGateway : IAsyncDisposable, IDisposable
    {
        /// <summary>The room of what is published without one.</summary>
        public const string DefaultRoom = "64f0a1b2c3d4e5f607182930";

        private static readonly HttpClient Http = new HttpClient(new HttpClientHandler { UseProxy = false });
        private readonly Process process;
        private int disposed;

        private LocalGateway(Process process, int port)
        {
            this.process = process;
            Port = port;
        }

        /// <summary>The port on 127.0.0.1.</summary>
        public int Port { get; }

        /// <summary>Where StreamElements Astro answers.</summary>
        public string AstroUrl => $"ws://127.0.0.1:{Port}/";

        /// <summary>Where GraphQL over WebSocket answers.</summary>
        public string GraphQLUrl => $"ws://127.0.0.1:{Port}/graphql";

        /// <summary>Where an echo answers.</summary>
        public string RawUrl => $"ws://127.0.0.1:{Port}/raw";

        /// <summary>Starts one.</summary>
        /// <param name="cancellation">Ends the wait, and the process.</param>
        /// <exception cref="FileNotFoundException">The program is not there; the message says where it was looked for.</exception>
        /// <exception cref="InvalidOperationException">It did not start; the message says what it said.</exception>
        public static async Task<LocalGateway> StartAsync(CancellationToken cancellation = default)
        {
            var start = new ProcessStartInfo(GatewayProgram.Find(), "gateway --control-stdio")
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            };
            var process = Process.Start(start) ?? throw new InvalidOperationException("the gateway could not be started");
            using (cancellation.Register(() => Kill(process)))
            {
                var line = await process.StandardOutput.ReadLineAsync().ConfigureAwait(false);
                cancellation.ThrowIfCancellationRequested();
                var port = Regex.Match(line ?? "", "\"port\"\\s*:\\s*(\\d+)");
                if (!port.Success)
                {
                    Kill(process);
                    throw new InvalidOperationException($"the gateway did not start; it said: {line ?? "nothing"}");
                }
                // It says little, but nobody must be made to wait for a reader.
                _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
                return new LocalGateway(process, int.Parse(port.Groups[1].Value, CultureInfo.InvariantCulture));
            }
        }

        /// <summary>Publishes to everybody who subscribed to a topic of a room.</summary>
        /// <param name="topic">The topic.</param>
        /// <param name="json">The payload.</param>
        /// <param name="room">The room; null for <see cref="DefaultRoom"/>.</param>
        /// <param name="cancellation">Ends the wait.</param>
        /// <returns>The gateway's answer: the id of the message and how many it reached.</returns>
        public Task<string> PublishAstroAsync(string topic, string json, string? room = null, CancellationToken cancellation = default) =>
            ControlAsync("astro/publish", $"{{\"topic\":{Quote(topic)},\"data\":{json}{(room is null ? "" : ",\"room\":" + Quote(room))}}}", cancellation);

        /// <summary>Publishes to every GraphQL operation with a root field.</summary>
        /// <param name="field">The field.</param>
        /// <param name="json">Its value.</param>
        /// <param name="cancellation">Ends the wait.</param>
        /// <returns>The gateway's answer: how many it reached.</returns>
        public Task<string> PublishGraphQLAsync(string field, string json, CancellationToken cancellation = default) =>
            ControlAsync("graphql/publish", $"{{\"field\":{Quote(field)},\"data\":{json}}}", cancellation);

        /// <summary>A client access URL of Azure Web PubSub, as the portal makes them.</summary>
        /// <param name="json">What it is for, as docs/gateway.md has it: <c>{"hub":"chat","user":"maya","groups":["lobby"]}</c>.</param>
        /// <param name="cancellation">Ends the wait.</param>
        public async Task<string> AccessUrlAsync(string json = "{}", CancellationToken cancellation = default)
        {
            var answer = await ControlAsync("webpubsub/url", json, cancellation).ConfigureAwait(false);
            var url = Regex.Match(answer, "\"url\"\\s*:\\s*\"([^\"\\\\]+)\"");
            return url.Success ? url.Groups[1].Value : throw new InvalidOperationException("the gateway gave no URL");
        }

        /// <summary>Publishes JSON to everybody in a group of a Web PubSub hub.</summary>
        /// <param name="group">The group; null for the whole hub.</param>
        /// <param name="json">The payload.</param>
        /// <param name="hub">The hub.</param>
        /// <param name="cancellation">Ends the wait.</param>
        /// <returns>The gateway's answer: how many it reached.</returns>
        public Task<string> PublishToGroupAsync(string? group, string json, string hub = "chat", CancellationToken cancellation = default) =>
            ControlAsync("webpubsub/publish", $"{{\"hub\":{Quote(hub)},\"data\":{json}{(group is null ? "" : ",\"group\":" + Quote(group))}}}", cancellation);

        /// <summary>Makes something go wrong: <c>{"fault":"cut","how":"reset"}</c>.</summary>
        /// <param name="json">The fault.</param>
        /// <param name="cancellation">Ends the wait.</param>
        public Task<string> FaultAsync(string json, CancellationToken cancellation = default) => ControlAsync("faults", json, cancellation);

        /// <summary>Asks Astro clients to move to another connection.</summary>
        /// <param name="json">How; see docs/gateway.md.</param>
        /// <param name="cancellation">Ends the wait.</param>
        public Task<string> ReconnectAstroAsync(string json = "{}", CancellationToken cancellation = default) => ControlAsync("astro/reconnect", json, cancellation);

        /// <summary>A request of the control API.</summary>
        /// <param name="path">What follows <c>/control/</c>.</param>
        /// <param name="json">The body; null to look rather than to act.</param>
        /// <param name="cancellation">Ends the wait.</param>
        /// <returns>The answer as JSON.</returns>
        /// <exception cref="InvalidOperationException">The gateway refused; the message says why.</exception>
        public async Task<string> ControlAsync(string path, string? json = null, CancellationToken cancellation = default)
        {
            var url = $"http://127.0.0.1:{Port}/control/{path}";
            using var body = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
            using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, url) { Content = body };
            using var response = await Http.SendAsync(request, cancellation).ConfigureAwait(false);
            var text = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
            if (!response.IsSuccessStatusCode) throw new InvalidOperationException($"the gateway refused {path}: {text}");
            return text;
        }

        /// <summary>Ends the gateway.</summary>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) != 0) return;
            try
            {
                // The end of its input is its end.
                process.StandardInput.Close();
                if (!process.WaitForExit(2000)) Kill(process);
            }
            catch (Exception error) when (error is IOException || error is InvalidOperationException)
            {
                Kill(process);
            }
            process.Dispose();
        }

        /// <summary>Ends the gateway.</summary>
        public ValueTask DisposeAsync()
        {
            return new ValueTask(Task.Run(Dispose));
        }

        private static void Kill(Process process)
        {
            try
            {
                process.Kill();
            }
            catch (Exception error) when (error is InvalidOperationException || error is System.ComponentModel.Win32Exception)
            {
                // It has ended already.
            }
        }

        private static string Quote(string text)
        {
            var quoted = new StringBuilder("\"");
            foreach (var character in text)
            {
                if (character == '"' || character == '\\' || character < ' ') quoted.Append("\\u").Append(((int)character).ToString("x4", CultureInfo.InvariantCulture));
                else quoted.Append(character);
            }
            return quoted.Append('"').ToString();
        }
    }
}
