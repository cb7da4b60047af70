using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using Topicwire.Testing;

namespace Topicwire.Tests
{
    /// <summary>Programs of gateways' own documentation, with one line on top (tests/interop/seeds).</summary>
    [Tests]
    internal static class SeedTests
    {
        private const string Follow = "{\"type\":\"follow\",\"provider\":\"twitch\",\"data\":{\"username\":\"quiet_otter\"}}";

        public static async Task The_newer_program_of_Astro_subscribes_and_prints()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var seed = new Seed("newer-csharp", gateway.AstroUrl);
            await seed.Prints("Welcome received, client ID: ");
            await seed.Prints("Success: ");
            await gateway.PublishAstroAsync("channel.activities", Follow);
            await seed.Prints("[channel.activities] in room " + LocalGateway.DefaultRoom);
            await seed.Prints("New activity received");
            await gateway.FaultAsync("{\"fault\":\"close\",\"code\":1000}");
            await seed.Prints("Connection closed");
        }

        public static async Task The_older_program_of_Astro_subscribes_and_prints()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await gateway.ControlAsync("options", "{\"astro\":{\"profile\":\"legacy\"}}");
            using var seed = new Seed("older-csharp", gateway.AstroUrl);
            await seed.Prints("Connected to StreamElements Astro");
            await seed.Prints("Received response");
            await gateway.PublishAstroAsync("channel.follow", "{\"username\":\"quiet_otter\"}");
            await seed.Prints("New follower event received");
        }

        public static async Task The_simple_program_of_Web_PubSub_prints_messages()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var seed = new Seed("pubsub-simple-csharp", gateway.RawUrl);
            await seed.Prints("Connected");
            var text = new string('x', 3000) + "päivää";
            await gateway.FaultAsync($"{{\"fault\":\"send_text\",\"text\":\"{text}\"}}");
            await seed.Prints(text);
            await gateway.FaultAsync("{\"fault\":\"close\",\"code\":1000}");
            await seed.Ends();
        }

        public static async Task The_subprotocol_program_of_Web_PubSub_prints_messages()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var seed = new Seed("pubsub-subprotocol-csharp", gateway.RawUrl);
            await seed.Prints("Connected");
            await gateway.FaultAsync("{\"fault\":\"send_text\",\"text\":\"{\\\"type\\\":\\\"system\\\",\\\"event\\\":\\\"connected\\\"}\"}");
            await seed.Prints("{\"type\":\"system\",\"event\":\"connected\"}");
            Check.True((await gateway.ControlAsync("connections")).Contains("json.webpubsub.azure.v1"), "the subprotocol was chosen");
        }

        /// <summary>A program that is running.</summary>
        private sealed class Seed : IDisposable
        {
            private readonly StringBuilder output = new StringBuilder();
            private readonly Process process;

            internal Seed(string name, string url)
            {
                var folder = Environment.GetEnvironmentVariable("TOPICWIRE_SEEDS") ?? throw new Exception("TOPICWIRE_SEEDS names no folder; run this by `cargo xtask csharp`");
                process = Programs.Start(Path.Combine(folder, name + ".dll"), "", new Dictionary<string, string> { ["SEED_URL"] = url.TrimEnd('/') });
                void Keep(object sender, DataReceivedEventArgs line)
                {
                    lock (output) output.AppendLine(line.Data);
                }
                process.OutputDataReceived += Keep;
                process.ErrorDataReceived += Keep;
                process.BeginOutputReadLine();
                process.BeginErrorReadLine();
            }

            private string Output
            {
                get
                {
                    lock (output) return output.ToString();
                }
            }

            internal async Task Prints(string text)
            {
                try
                {
                    await Check.Until(() => Output.Contains(text), "the program prints " + text);
                }
                catch (Exception error)
                {
                    throw new Exception($"{error.Message}; it printed:\n{Output}");
                }
            }

            internal Task Ends() => Check.Until(() => process.HasExited, "the program ends");

            public void Dispose()
            {
                if (!process.HasExited) process.Kill();
                process.Dispose();
            }
        }
    }
}
