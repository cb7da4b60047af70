using System;
using System.Threading;
using System.Threading.Tasks;
using Topicwire.Json;

namespace Topicwire
{
    /// <summary>Runs GraphQL subscriptions, queries and mutations over a WebSocket, in either subprotocol.</summary>
    /// <remarks>Each operation is a stream of its own. The client's own stream says what happens to connections.</remarks>
    /// <example>
    /// <code>
    /// await using var graphql = new GraphQL(new GraphQLOptions { Url = "wss://example.org/graphql" });
    /// await foreach (var result in graphql.Subscribe("subscription ($n: Int!) { ticks(n: $n) { seq } }", new { n = 5 }))
    /// {
    ///     Console.WriteLine(result.Text);
    /// }
    /// </code>
    /// </example>
    public sealed class GraphQL : TopicwireClient
    {
        /// <summary>A client. A lazy one, which is the default, connects with its first operation.</summary>
        /// <param name="options">How it behaves.</param>
        /// <exception cref="ArgumentException">An option cannot work; it is named.</exception>
        public GraphQL(GraphQLOptions options)
            : base(options, to => to.Name("filter").Open().Name("kinds").List(new[] { "state", "opened", "fault", "gap", "subscribed", "ended" }).Close()) { }

        /// <summary>Starts an operation. Its results come by the stream that is returned; disposing of that, or leaving a loop over it, ends the operation.</summary>
        /// <param name="query">The document.</param>
        /// <param name="variables">Its variables: a dictionary, or with System.Text.Json any object that serializes to a JSON object.</param>
        /// <param name="operationName">Which operation of the document.</param>
        /// <param name="dataTimeout">Report a <c>no_data</c> fault when no result came for this long.</param>
        /// <exception cref="ArgumentException">The variables cannot be written.</exception>
        /// <exception cref="TopicwireException"><c>closed</c>, <c>overflow</c>.</exception>
        public GraphQLOperation Subscribe(string query, object? variables = null, string? operationName = null, TimeSpan? dataTimeout = null)
        {
            var request = Core.NextRequest();
            var command = Command("operation", query, variables, operationName);
            if (!(dataTimeout is null)) command.Name("data_timeout_ms").Value(dataTimeout.Value, nameof(dataTimeout));
            var reader = Core.OpenLane(
                to =>
                {
                    to.Name("overflow").Value("close").Name("owns").List(new[] { request });
                    to.Name("filter").Open().Name("subscriptions").List(new[] { request }).Close();
                },
                null,
                request,
                command.Close().ToString());
            return new GraphQLOperation((long)request, new EventStream(Core, reader));
        }

        /// <summary>Runs a query or a mutation.</summary>
        /// <param name="query">The document.</param>
        /// <param name="variables">Its variables, as in <see cref="Subscribe"/>.</param>
        /// <param name="operationName">Which operation of the document.</param>
        /// <param name="cancellation">Takes the request back.</param>
        /// <returns>The execution result, errors and all.</returns>
        /// <exception cref="TopicwireException">What the server said if it could not run it; <c>timeout</c>; <c>outcome_unknown</c> for a mutation whose connection was lost; <c>closed</c>.</exception>
        public async Task<GraphQLResult> ExecuteAsync(string query, object? variables = null, string? operationName = null, CancellationToken cancellation = default)
        {
            var command = Command("execute", query, variables, operationName).Close().ToString();
            var reply = await Core.Ask(command, default, cancellation).ConfigureAwait(false);
            return new GraphQLResult(reply.Result ?? Array.Empty<byte>());
        }

        private static JsonWriter Command(string type, string query, object? variables, string? operationName)
        {
            if (query is null) throw new ArgumentNullException(nameof(query));
            var command = new JsonWriter().Open().Name("type").Value(type).Name("query").Value(query);
            if (!(variables is null))
            {
                var written = new JsonWriter().Any(variables, nameof(variables)).ToString();
                if (!written.StartsWith("{", StringComparison.Ordinal)) throw new ArgumentException("`variables`: expected a JSON object", nameof(variables));
                command.Name("variables").Raw(written);
            }
            if (!(operationName is null)) command.Name("operation_name").Value(operationName);
            return command;
        }
    }

    /// <summary>An execution result.</summary>
    public sealed class GraphQLResult
    {
        internal GraphQLResult(ReadOnlyMemory<byte> raw)
        {
            Raw = raw;
        }

        /// <summary>The whole result as JSON.</summary>
        public ReadOnlyMemory<byte> Raw { get; }

#if NETCOREAPP
        /// <summary>The whole result decoded: <c>data</c>, <c>errors</c>, <c>extensions</c>.</summary>
        public System.Text.Json.JsonElement Result
        {
            get
            {
                using var document = System.Text.Json.JsonDocument.Parse(Raw);
                return document.RootElement.Clone();
            }
        }
#endif
    }
}
