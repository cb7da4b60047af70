using System;
using System.Collections.Generic;
using System.Diagnostics;

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
    }
}
