// Runs a query and a subscription: GRAPHQL_URL=ws://… dotnet run -p:Example=graphql
using System;
using System.Threading.Tasks;
using Topicwire;

internal static class Program
{
    private static async Task Main()
    {
        await using var graphql = new GraphQL(new GraphQLOptions { Url = Environment.GetEnvironmentVariable("GRAPHQL_URL") });
        var hello = await graphql.ExecuteAsync("query ($name: String) { hello(name: $name) }", new { name = "you" });
        Console.WriteLine(hello.Result.GetProperty("data").GetProperty("hello"));
        await foreach (var result in graphql.Subscribe("subscription ($n: Int!) { ticks(n: $n, intervalMs: 10) { seq } }", new { n = 3 }))
        {
            Console.WriteLine(result.Text);
        }
        Console.WriteLine("completed");
    }
}
