using System;
using System.Diagnostics;
using System.Threading.Tasks;
using Topicwire.Testing;

namespace Topicwire.Tests
{
    /// <summary>The netstandard2.1 build on a second runtime.</summary>
    [Tests]
    internal static class MonoTests
    {
        public static async Task The_netstandard_build_works_on_Mono()
        {
            var mono = Environment.GetEnvironmentVariable("TOPICWIRE_MONO");
            var program = Environment.GetEnvironmentVariable("TOPICWIRE_SMOKE");
            if (mono is null || program is null) throw new Exception(Environment.GetEnvironmentVariable("TOPICWIRE_NO_MONO") ?? "TOPICWIRE_MONO names no program; run this by `cargo xtask csharp`");
            await using var gateway = await LocalGateway.StartAsync();
            var start = new ProcessStartInfo(mono, $"\"{program}\" {gateway.Port}") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            await Check.Until(() => process.HasExited, "the program ends");
            Check.True(process.ExitCode == 0, await output + await errors);
        }
    }
}
