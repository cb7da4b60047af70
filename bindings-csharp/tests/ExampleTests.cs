using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using Topicwire.Testing;

namespace Topicwire.Tests
{
    /// <summary>The programs of examples/csharp.</summary>
    [Tests]
    internal static class ExampleTests
    {
        private const string Room = LocalGateway.DefaultRoom;

        private static Running Start(string name, Dictionary<string, string> environment)
        {
            var folder = Environment.GetEnvironmentVariable("TOPICWIRE_EXAMPLES") ?? throw new Exception("TOPICWIRE_EXAMPLES names no folder; run this by `cargo xtask csharp`");
            return new Running(Path.Combine(folder, name + ".dll"), environment);
        }

        public static async Task Astro_prints_an_activity()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var example = Start("astro", new Dictionary<string, string> { ["ASTRO_URL"] = gateway.AstroUrl, ["SE_JWT"] = "any", ["ROOM"] = Room });
            await example.Prints("listening");
            await gateway.PublishAstroAsync("channel.activities", "{\"type\":\"follow\"}");
            await example.Prints("follow in " + Room);
        }

        public static async Task Bot_prints_a_tip_with_a_token_from_a_file()
        {
            await using var gateway = await LocalGateway.StartAsync();
            var file = Path.GetTempFileName();
            File.WriteAllText(file, "any\n");
            using var example = Start("bot", new Dictionary<string, string> { ["ASTRO_URL"] = gateway.AstroUrl, ["TOKEN_FILE"] = file, ["ROOM"] = Room });
            await example.Prints("listening");
            await gateway.PublishAstroAsync("channel.tips", "{\"_id\":\"t1\"}");
            await example.Prints("a tip: {\"_id\":\"t1\"}");
            File.Delete(file);
        }

        public static async Task GraphQL_prints_results_and_ends()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var example = Start("graphql", new Dictionary<string, string> { ["GRAPHQL_URL"] = gateway.GraphQLUrl });
            await example.Prints("you");
            await example.Prints("completed");
            await example.Ends();
        }

        public static async Task Raw_prints_the_echo_and_ends()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var example = Start("raw", new Dictionary<string, string> { ["RAW_URL"] = gateway.RawUrl });
            await example.Prints("hello");
            await example.Prints("closed");
            await example.Ends();
        }

        public static async Task Webpubsub_prints_what_is_sent_to_its_group()
        {
            await using var gateway = await LocalGateway.StartAsync();
            using var example = Start("webpubsub", new Dictionary<string, string> { ["HUB"] = await gateway.AccessUrlAsync() });
            await example.Prints("lobby: good morning");
            await gateway.PublishToGroupAsync("lobby", "{\"n\":1}");
            await example.Prints("lobby: {\"n\":1}");
            await gateway.FaultAsync("{\"fault\":\"cut\",\"how\":\"fin\"}");
            await example.Prints("the session goes on where it was");
        }

        public static async Task Test_a_bot_says_thank_you()
        {
            using var example = Start("test-a-bot", new Dictionary<string, string>());
            await example.Prints("thank you, quiet_otter");
            await example.Ends();
        }
    }
}
