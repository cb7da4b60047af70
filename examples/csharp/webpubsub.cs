// Joins a group of an Azure Web PubSub hub, says something, and prints what comes: HUB=<client access URL> dotnet run -p:Example=webpubsub
// `topicwire gateway` prints such a URL, and so does the portal. Run it twice and watch the two talk.
using System;
using System.Threading.Tasks;
using Topicwire;

internal static class Program
{
    private static async Task Main()
    {
        await using var hub = new WebPubSub(new WebPubSubOptions { Url = Environment.GetEnvironmentVariable("HUB") });
        await hub.JoinGroupAsync("lobby");
        await hub.SendToGroupAsync("lobby", "good morning");
        await foreach (var e in hub)
        {
            switch (e)
            {
                case MessageEvent message: Console.WriteLine($"{message.Room ?? message.Topic}: {message.Text}"); break;
                case OpenedEvent opened when opened.Resumed: Console.WriteLine("the session goes on where it was"); break;
                case GapEvent gap: Console.WriteLine($"messages may be missing since {gap.Since}"); break;
            }
        }
    }
}
