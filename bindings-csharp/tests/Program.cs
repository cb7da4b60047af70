using System.Globalization;
using System.Threading.Tasks;

namespace Topicwire.Tests
{
    internal static class Program
    {
        private static Task<int> Main(string[] arguments) => arguments.Length switch
        {
            2 when arguments[0] == "echo" => Programs.Echo(arguments[1]),
            2 when arguments[0] == "second" => ContextTests.Second(arguments[1]),
            4 when arguments[0] == "memory" => MemoryTests.Measure(arguments[1], arguments[2], long.Parse(arguments[3], CultureInfo.InvariantCulture)),
            3 when arguments[0] == "busy" => Programs.Busy(arguments[1], arguments[2]),
            1 => Runner.Run(arguments[0]),
            _ => Runner.Run(null),
        };
    }
}
