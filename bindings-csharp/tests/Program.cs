using System.Threading.Tasks;

namespace Topicwire.Tests
{
    internal static class Program
    {
        private static Task<int> Main(string[] arguments) => Runner.Run(arguments.Length > 0 ? arguments[0] : null);
    }
}
