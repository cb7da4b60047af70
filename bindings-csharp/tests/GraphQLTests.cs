using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Topicwire.Testing;

namespace Topicwire.Tests
{
    [Tests]
    internal static class GraphQLTests
    {
        private static GraphQL Client(LocalGateway gateway) => new GraphQL(new GraphQLOptions
        {
            Url = gateway.GraphQLUrl,
            Reconnect = { Initial = TimeSpan.FromMilliseconds(20), Max = TimeSpan.FromMilliseconds(100) },
        });

        public static async Task An_operation_is_a_stream_of_its_results()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var graphql = Client(gateway);
            var seen = new List<int>();
            await foreach (var result in graphql.Subscribe("subscription ($n: Int!) { ticks(n: $n, intervalMs: 1) { seq } }", new { n = 5 }))
            {
                seen.Add(result.Data.GetProperty("data").GetProperty("ticks").GetProperty("seq").GetInt32());
            }
            Check.Equal(5, seen.Count);
            Check.True(seen.SequenceEqual(Enumerable.Range(seen[0], 5)), "in order");
        }

        public static async Task Variables_may_be_a_dictionary()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var graphql = Client(gateway);
            var result = await graphql.ExecuteAsync("query ($name: String) { hello(name: $name) }", new Dictionary<string, object?> { ["name"] = "päivi \"🦉\"" }, cancellation: Check.Soon());
            Check.True(result.Result.GetProperty("data").GetProperty("hello").GetString()!.Contains("päivi \"🦉\""), "it came back");
            Check.Throws<ArgumentException>(() => graphql.Subscribe("subscription { silent }", new[] { 1 }));
        }

        public static async Task Leaving_the_loop_ends_the_operation()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var graphql = Client(gateway);
            await foreach (var result in graphql.Subscribe("subscription { ticks(n: 100000, intervalMs: 5) { seq } }"))
            {
                Check.True(result.Raw.Length > 0, "it has something");
                break;
            }
            var deadline = DateTime.UtcNow.AddSeconds(20);
            while (true)
            {
                var connections = await gateway.ControlAsync("connections");
                if (!connections.Contains("ticks")) break;
                Check.True(DateTime.UtcNow < deadline, "the server was told: " + connections);
            }
        }

        public static async Task An_operation_that_fails_throws()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var graphql = Client(gateway);
            var error = await Check.ThrowsAsync<TopicwireException>(async () =>
            {
                await foreach (var result in graphql.Subscribe("subscription { nothingOfTheKind }")) Check.True(result is null, "there is no result");
            });
            Check.True(error.GatewayMessage?.Contains("nothingOfTheKind") ?? error.Message.Contains("nothingOfTheKind"), "it says what: " + error.Message);
            await Check.ThrowsAsync<TopicwireException>(() => graphql.ExecuteAsync("{ nothingOfTheKind }", cancellation: Check.Soon()));
        }

        public static async Task A_loss_shows_as_a_gap_and_the_operation_goes_on()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var graphql = Client(gateway);
            using var blocks = graphql.Subscribe("subscription { blocks { number } }");
            var field = "{\"number\":1,\"hash\":\"0x1\",\"time\":\"2026-10-29T08:15:00Z\",\"transactions\":1}";
            await Published(gateway, field);
            Check.True(await Next<MessageEvent>(blocks), "a result");
            await gateway.FaultAsync("{\"fault\":\"cut\",\"how\":\"reset\"}");
            Check.True(await Next<GapEvent>(blocks), "a gap");
            await Published(gateway, field);
            Check.True(await Next<MessageEvent>(blocks), "a result after the gap");
        }

        private static async Task Published(LocalGateway gateway, string field)
        {
            var deadline = DateTime.UtcNow.AddSeconds(20);
            while ((await gateway.PublishGraphQLAsync("blocks", field)).Contains("\"receivers\":0")) Check.True(DateTime.UtcNow < deadline, "somebody hears it");
        }

        private static async Task<bool> Next<T>(GraphQLOperation operation)
        {
            while (await operation.Events.NextAsync(Check.Soon()) is { } one)
            {
                if (one is T) return true;
            }
            return false;
        }

        public static async Task Polling_an_operation_blocks()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var graphql = Client(gateway);
            using var ticks = graphql.Subscribe("subscription { ticks(n: 2, intervalMs: 1) { seq } }");
            Check.True(!(ticks.Poll(TimeSpan.FromSeconds(20)) is null), "one");
            Check.True(!(ticks.Poll(TimeSpan.FromSeconds(20)) is null), "two");
            Check.True(ticks.Poll(TimeSpan.FromSeconds(20)) is null, "the end");
        }
    }
}
