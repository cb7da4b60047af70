using System;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using System.Threading.Tasks;
using Topicwire.Testing;

namespace Topicwire.Tests
{
    /// <summary>Several copies of the assembly in one process: uniffi has one table of callbacks in it.</summary>
    [Tests]
    internal static class ContextTests
    {
        public static async Task A_context_that_can_be_unloaded_has_a_copy_that_works_and_goes()
        {
            await using var gateway = await LocalGateway.StartAsync();
            // The process's one place for calls from native code is ours.
            await using var first = new Raw(new RawOptions { Url = gateway.RawUrl });
            await first.ConnectedAsync(Check.Soon());
            var context = await Within(gateway.RawUrl);
            for (var at = 0; at < 200 && context.IsAlive; at++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                await Task.Delay(10);
            }
            Check.True(!context.IsAlive, "the context is gone");
            await first.SendAsync("still here");
            Check.Equal("still here", (await first.ReceiveAsync(Check.Soon()))!.Text);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static async Task<WeakReference> Within(string url)
        {
            var context = Context(true);
            Check.Equal("hello", await EchoIn(context, url));
            context.Unload();
            return new WeakReference(context);
        }

        private static async Task<string> Echo(string url)
        {
            await using var socket = new Raw(new RawOptions { Url = url });
            await socket.ConnectedAsync();
            await socket.SendAsync("hello");
            return (await socket.ReceiveAsync())!.Text;
        }

        public static async Task A_second_copy_in_a_context_that_stays_works_beside_the_first()
        {
            await using var gateway = await LocalGateway.StartAsync();
            await using var first = new Raw(new RawOptions { Url = gateway.RawUrl });
            await first.ConnectedAsync(Check.Soon());
            Check.Equal("hello", await EchoIn(Context(false), gateway.RawUrl));
            await first.SendAsync("still here");
            Check.Equal("still here", (await first.ReceiveAsync(Check.Soon()))!.Text);
        }

        public static async Task A_second_copy_that_insists_on_being_called_is_told_what_to_set()
        {
            await using var gateway = await LocalGateway.StartAsync();
            var ended = await Programs.Run("second " + gateway.RawUrl, new Dictionary<string, string> { ["TOPICWIRE_WAKE"] = "callback" });
            Check.Equal(0, ended.Code);
            Check.True(ended.Output.Contains(nameof(PlatformNotSupportedException)) && ended.Output.Contains("TOPICWIRE_WAKE=thread"), ended.Output);
        }

        /// <summary>What a child does: has a client, then another of a second copy, and prints what becomes of that.</summary>
        internal static async Task<int> Second(string url)
        {
            await using var first = new Raw(new RawOptions { Url = url });
            await first.ConnectedAsync();
            try
            {
                Console.WriteLine(await EchoIn(Context(false), url));
                return 1;
            }
            catch (PlatformNotSupportedException error)
            {
                Console.WriteLine(error);
            }
            await first.SendAsync("still here");
            return (await first.ReceiveAsync())!.Text == "still here" ? 0 : 1;
        }

        private static AssemblyLoadContext Context(bool collectible)
        {
            var context = new AssemblyLoadContext("of its own", collectible);
            context.Resolving += (from, name) => name.Name == "Topicwire" ? from.LoadFromAssemblyPath(typeof(Astro).Assembly.Location) : null;
            context.LoadFromAssemblyPath(typeof(Astro).Assembly.Location);
            return context;
        }

        private static Task<string> EchoIn(AssemblyLoadContext context, string url)
        {
            var copy = context.LoadFromAssemblyPath(typeof(ContextTests).Assembly.Location);
            Check.True(copy != typeof(ContextTests).Assembly, "it is another copy");
            var echo = copy.GetType(typeof(ContextTests).FullName!)!.GetMethod(nameof(Echo), BindingFlags.NonPublic | BindingFlags.Static)!;
            return (Task<string>)echo.Invoke(null, new object[] { url })!;
        }
    }
}
