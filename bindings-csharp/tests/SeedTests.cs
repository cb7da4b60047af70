using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using Topicwire.Testing;

namespace Topicwire.Tests
{
    /// <summary>Programs of gateways' own documentation, with one line on top (tests/interop/seeds).</summary>
    [Tests]
    internal static class SeedTests
    {
        private const string Follow = "{\"type\":\"follow\",\"provider\":\"twitch\",\"data\":{\"username\":\"quiet_otter\"}}";

        private static Running Start(string name, string url)
        {
            var folder = Environment.GetEnvironmentVariable("TOPICWIRE_SEEDS") ?? throw new Exception("TOPICWIRE_SEEDS names no folder; run this by `cargo xtask csharp`");
            return new Running(Path.Combine(folder, name + ".dll"), new Dictionary<string, string> { ["SEED_URL"] = url.TrimEnd('/') });
        }

        public static async Task The_newer_program_of_Astro_subscribes_and_prints()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var seed = Start("newer-csharp", gateway.AstroUrl);
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
            using var seed = Start("older-csharp", gateway.AstroUrl);
            await seed.Prints("Connected to StreamElements Astro");
            await seed.Prints("Received response");
            await gateway.PublishAstroAsync("channel.follow", "{\"username\":\"quiet_otter\"}");
            await seed.Prints("New follower event received");
        }

        public static async Task The_simple_program_of_Web_PubSub_prints_messages()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var seed = Start("pubsub-simple-csharp", await Access(gateway));
            await seed.Prints("Connected");
            // Longer than the program's buffer, so it arrives in parts.
            var text = new string('x', 3000) + "päivää";
            await Publish(gateway, text);
            await seed.Prints(text);
            await gateway.FaultAsync("{\"fault\":\"close\",\"code\":1000}");
            await seed.Ends();
        }

        public static async Task The_subprotocol_program_of_Web_PubSub_prints_messages()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var seed = Start("pubsub-subprotocol-csharp", await Access(gateway));
            await seed.Prints("Connected");
            await seed.Prints("\"event\":\"connected\"");
            await Publish(gateway, "good morning");
            await seed.Prints("\"data\":\"good morning\"");
            Check.True((await gateway.ControlAsync("connections")).Contains("json.webpubsub.azure.v1"), "the subprotocol was chosen");
            await gateway.FaultAsync("{\"fault\":\"close\",\"code\":1000}");
            await seed.Ends();
        }

        /// <summary>What the portal would give: an address whose token joins a group.</summary>
        private static async Task<string> Access(LocalGateway gateway)
        {
            using var answer = JsonDocument.Parse(await gateway.ControlAsync("webpubsub/url", "{\"hub\":\"chat\",\"groups\":[\"lobby\"]}"));
            return answer.RootElement.GetProperty("url").GetString()!;
        }

        private static Task<string> Publish(LocalGateway gateway, string text) =>
            gateway.ControlAsync("webpubsub/publish", $"{{\"group\":\"lobby\",\"data\":\"{text}\"}}");
    }
}
