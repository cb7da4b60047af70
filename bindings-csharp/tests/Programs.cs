using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading.Tasks;

namespace Topicwire.Tests
{
    /// <summary>Programs of .NET, started by the host that runs us.</summary>
    internal static class Programs
    {
        internal static Process Start(string assembly, string arguments, IDictionary<string, string>? environment = null)
        {
            var host = Process.GetCurrentProcess().MainModule?.FileName ?? "dotnet";
            var start = new ProcessStartInfo(host, $"\"{assembly}\" {arguments}")
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            };
            foreach (var pair in environment ?? new Dictionary<string, string>()) start.Environment[pair.Key] = pair.Value;
            return Process.Start(start) ?? throw new Exception($"{assembly} could not be started");
        }

        /// <summary>Runs ourselves with other arguments, to the end.</summary>
        internal static async Task<(int Code, string Output)> Run(string arguments, IDictionary<string, string>? environment = null, TimeSpan? within = null)
        {
            using var process = Start(typeof(Programs).Assembly.Location, arguments, environment);
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            try
            {
                await Check.Until(() => process.HasExited, "the program ends", within);
            }
            finally
            {
                // What is not over now is of no use, and would take the machine from other tests.
                if (!process.HasExited) process.Kill();
            }
            return (process.ExitCode, await output + await errors);
        }

        /// <summary>What a child does: sends something and prints what comes back.</summary>
        internal static async Task<int> Echo(string url)
        {
            await using var socket = new Raw(new RawOptions { Url = url });
            await socket.ConnectedAsync();
            await socket.SendAsync("hello");
            Console.WriteLine((await socket.ReceiveAsync())!.Text);
            return 0;
        }

        /// <summary>What a child does: ends while messages come and go and handlers run.</summary>
        internal static async Task<int> Busy(string url, string how)
        {
            var socket = new Raw(new RawOptions { Url = url });
            var heard = 0;
            socket.Message += (sender, message) => heard++;
            await socket.ConnectedAsync();
            _ = Task.Run(async () =>
            {
                var payload = new byte[200];
                while (true) await socket.SendAsync(payload);
            });
            while (heard < 200) await Task.Yield();
            Console.WriteLine("busy");
            if (how == "environment") Environment.Exit(7);
            return 0;
        }
    }
}
