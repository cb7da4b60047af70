using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;

namespace Topicwire.Tests
{
    /// <summary>Marks a class whose public methods are tests, named by what they hold.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    internal sealed class TestsAttribute : Attribute
    {
    }

    /// <summary>Runs tests and counts. xunit is on no registry that the project builds from.</summary>
    internal static class Runner
    {
        // For what hangs. The five million events of one test have five minutes.
        private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(6);

        internal static async Task<int> Run(string? only)
        {
            var passed = 0;
            var failed = 0;
            foreach (var (name, test) in Tests().Where(one => only is null || one.Name.Contains(only)))
            {
                var failure = await Try(test);
                if (failure is null) passed++;
                else failed++;
                if (!(failure is null)) Console.WriteLine($"FAILED {name}\n{failure}");
                else if (!(only is null)) Console.WriteLine($"passed {name}");
            }
            Console.WriteLine($"{passed} passed, {failed} failed");
            return failed == 0 && passed > 0 ? 0 : 1;
        }

        private static IEnumerable<(string Name, Func<Task> Test)> Tests()
        {
            var classes = typeof(Runner).Assembly.GetTypes().Where(one => !(one.GetCustomAttribute<TestsAttribute>() is null)).OrderBy(one => one.Name);
            foreach (var one in classes)
            {
                // Tests that are files rather than methods.
                var cases = one.GetMethod("Cases", BindingFlags.NonPublic | BindingFlags.Static);
                if (!(cases is null))
                {
                    foreach (var (name, test) in (IEnumerable<(string, Func<Task>)>)cases.Invoke(null, null)!) yield return ($"{one.Name}.{name}", test);
                }
                foreach (var method in one.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
                {
                    yield return ($"{one.Name}.{method.Name}", () => (Task)(method.Invoke(null, null) ?? Task.CompletedTask));
                }
            }
        }

        private static async Task<Exception?> Try(Func<Task> test)
        {
            try
            {
                var running = Task.Run(test);
                if (await Task.WhenAny(running, Task.Delay(Deadline)) != running) return new TimeoutException("it hangs");
                await running;
                return null;
            }
            catch (TargetInvocationException error)
            {
                return error.InnerException;
            }
            catch (Exception error)
            {
                return error;
            }
        }
    }
}
