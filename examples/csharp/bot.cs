// A bot with handlers, and a token that is fetched when it is needed: TOKEN_FILE=… ROOM=… dotnet run -p:Example=bot; ASTRO_URL for a gateway of your own.
using System;
using System.IO;
using System.Threading.Tasks;
using Topicwire;

internal static class Program
{
    private static async Task Main()
    {
        var file = Environment.GetEnvironmentVariable("TOKEN_FILE") ?? throw new ArgumentException("TOKEN_FILE names no file");
        await using var astro = new Astro(new AstroOptions
        {
            Url = Environment.GetEnvironmentVariable("ASTRO_URL"),
            TokenType = TokenType.Oauth2,
            TipsOnce = true,
            // Asked at first, for each new connection, and when the gateway refuses the token.
            TokenProvider = async cancellation => (await File.ReadAllTextAsync(file, cancellation)).Trim(),
        });
        astro.On(AstroTopics.ChannelTips, message => Console.WriteLine($"a tip: {message.Text}"));
        astro.Fault += (sender, fault) => Console.Error.WriteLine(fault.Error);
        astro.Gap += (sender, gap) => Console.Error.WriteLine($"messages may be missing since {gap.Since:t}");
        await astro.SubscribeAsync(AstroTopics.ChannelTips, Environment.GetEnvironmentVariable("ROOM"));
        Console.WriteLine("listening");
        await astro.Closing;
    }
}
