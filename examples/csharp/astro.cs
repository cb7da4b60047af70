// Listens to a StreamElements channel: SE_JWT=… ROOM=… dotnet run -p:Example=astro; ASTRO_URL for a gateway of your own.
using System;
using System.Threading;
using System.Threading.Tasks;
using Topicwire;

internal static class Program
{
    private static async Task Main()
    {
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (sender, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };
        await using var astro = new Astro(new AstroOptions
        {
            Url = Environment.GetEnvironmentVariable("ASTRO_URL"),
            Token = Environment.GetEnvironmentVariable("SE_JWT"),
        });
        await astro.SubscribeAsync(AstroTopics.ChannelActivities, Environment.GetEnvironmentVariable("ROOM"), stop.Token);
        Console.WriteLine("listening");
        try
        {
            await foreach (var e in astro.WithCancellation(stop.Token))
            {
                switch (e)
                {
                    case MessageEvent message:
                        Console.WriteLine($"{message.Data.GetProperty("type")} in {message.Room}: {message.Text}");
                        break;
                    case GapEvent gap:
                        Console.WriteLine($"messages may be missing since {gap.Since:t}");
                        break;
                }
            }
        }
        catch (OperationCanceledException)
        {
            Console.WriteLine("bye");
        }
    }
}
