// Talks to any WebSocket server: RAW_URL=ws://… dotnet run -p:Example=raw
using System;
using System.Threading.Tasks;
using Topicwire;

internal static class Program
{
    private static async Task Main()
    {
        await using var socket = new Raw(new RawOptions { Url = Environment.GetEnvironmentVariable("RAW_URL") });
        await socket.ConnectedAsync();
        await socket.SendAsync("hello");
        var message = await socket.ReceiveAsync();
        Console.WriteLine(message?.Text);
        var end = await socket.CloseAsync(1000, "bye");
        Console.WriteLine(end.Clean ? "closed" : "lost");
    }
}
