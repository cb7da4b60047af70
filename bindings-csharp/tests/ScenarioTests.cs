using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Topicwire.Tests.Scenarios;

namespace Topicwire.Tests
{
    /// <summary>The conversations that every language plays: tests/scenarios, those in which no timer matters.</summary>
    [Tests]
    internal static class ScenarioTests
    {
        /// <summary>One test a file.</summary>
        internal static IEnumerable<(string Name, Func<Task> Test)> Cases()
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); !(folder is null); folder = folder.Parent)
            {
                var scenarios = Path.Combine(folder.FullName, "tests", "scenarios");
                if (Directory.Exists(scenarios) && Directory.GetFiles(scenarios, "*.json").Length > 0) return Directory.GetFiles(scenarios, "*.json").Where(IsWire).OrderBy(file => file).Select(file => (Path.GetFileNameWithoutExtension(file), new Func<Task>(() => Stage.Play(file))));
            }
            return new (string, Func<Task>)[] { ("the files", () => throw new DirectoryNotFoundException("tests/scenarios is in no folder above the program")) };
        }

        private static bool IsWire(string file)
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            return document.RootElement.TryGetProperty("kind", out var kind) && kind.GetString() == "wire";
        }
    }
}
