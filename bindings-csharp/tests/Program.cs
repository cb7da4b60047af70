using System.Threading.Tasks;

namespace Topicwire.Tests
{
    internal static class Program
    {
        private static Task<int> Main(string[] arguments) => arguments.Length switch
        {
            2 when arguments[0] == "echo" => Programs.Echo(arguments[1]),
            2 when arguments[0] == "memory" => Programs.Memory(arguments[1]),
            3 when arguments[0] == "busy" => Programs.Busy(arguments[1], arguments[2]),
            1 => Runner.Run(arguments[0]),
            _ => Runner.Run(null),
        };
    }
}
