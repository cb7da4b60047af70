// Tests a bot without an account and without a network: dotnet run -p:Example=test-a-bot
using System;
using System.Threading.Tasks;
using Topicwire;
using Topicwire.Testing;

internal static class Program
{
    private static async Task<int> Main()
    {
        await using var gateway = await LocalGateway.StartAsync();
        await using var astro = new Astro(new AstroOptions { Url = gateway.AstroUrl, Token = "any" });
        var thanked = new TaskCompletionSource<string>();
        astro.On("channel.tips", tip => thanked.TrySetResult("thank you, " + tip.Data.GetProperty("username")));
        await astro.SubscribeAsync("channel.tips", LocalGateway.DefaultRoom);

        // The connection breaks in the worst moment, and the bot must not care.
        await gateway.FaultAsync("{\"fault\":\"cut\",\"how\":\"reset\"}");
        while ((await gateway.PublishAstroAsync("channel.tips", "{\"username\":\"quiet_otter\"}")).Contains("\"receivers\":0"))
        {
            await Task.Delay(50);
        }
        Console.WriteLine(await thanked.Task);
        return 0;
    }
}
