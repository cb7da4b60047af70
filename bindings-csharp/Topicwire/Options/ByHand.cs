using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Topicwire.Json;

namespace Topicwire
{
    /// <summary>What the options of every client share.</summary>
    public abstract class ClientOptions
    {
        private protected ClientOptions() { }

        /// <summary>Where events are raised and nothing else: the context of a user interface, say. Without one it is the thread pool.</summary>
        public SynchronizationContext? SynchronizationContext { get; set; }

        /// <summary>What happens to messages that nobody takes from the client's stream in time. Default: the oldest are dropped; <see cref="Raw"/> blocks.</summary>
        public StreamOverflow? Overflow { get; set; }

        internal abstract string ToJson();

        internal virtual Func<TokenRequest, CancellationToken, ValueTask<string>>? Provider => null;

        private protected static void WriteToken(JsonWriter to, string? token, bool provided)
        {
            if (!(token is null)) to.Name("token").Open().Name("static").Value(token).Close();
            else if (provided) to.Name("token").Value("provider");
        }

        private protected static Func<TokenRequest, CancellationToken, ValueTask<string>>? Simple(Func<CancellationToken, ValueTask<string>>? provider) =>
            provider is null ? null : new Func<TokenRequest, CancellationToken, ValueTask<string>>((request, cancellation) => provider!(cancellation));

        private protected static void OnlyOne(string? token, bool provided)
        {
            if (!(token is null) && provided) throw new ArgumentException("option `Token`: expected a token or a provider, not both", "Token");
        }
    }

    /// <summary>What happens to a message that does not fit into a queue. Only messages are ever dropped, and a <see cref="LaggedEvent"/> stands where they were.</summary>
    public enum StreamOverflow
    {
        /// <summary>The oldest messages make room.</summary>
        DropOldest,

        /// <summary>The new message is dropped.</summary>
        DropNewest,

        /// <summary>The stream ends, after what is already in it.</summary>
        Close,

        /// <summary>The socket is not read until there is room. Four times the limits is the end: then the stream closes with <c>overflow</c>.</summary>
        Block,
    }

    internal static partial class Wire
    {
        internal static string Word(StreamOverflow value) => value switch
        {
            StreamOverflow.DropOldest => "drop_oldest",
            StreamOverflow.DropNewest => "drop_newest",
            StreamOverflow.Close => "close",
            StreamOverflow.Block => "block",
            _ => throw new ArgumentOutOfRangeException(nameof(value)),
        };
    }

    public sealed partial class AstroOptions : ClientOptions
    {
        /// <summary>The token that subscriptions are made with, always the same.</summary>
        public string? Token { get; set; }

        /// <summary>Fetches the token whenever one is needed: at first, for each new connection, and when the gateway refused the last. It runs on the thread pool.</summary>
        public Func<CancellationToken, ValueTask<string>>? TokenProvider { get; set; }

        /// <summary>The same, told which of several credentials is meant, and why. It goes before <see cref="TokenProvider"/>.</summary>
        public Func<TokenRequest, CancellationToken, ValueTask<string>>? CredentialProvider { get; set; }

        /// <summary>Further credentials by name, for clients that listen to several channels.</summary>
        public IList<NamedCredential> Credentials { get; } = new List<NamedCredential>();

        internal override Func<TokenRequest, CancellationToken, ValueTask<string>>? Provider => CredentialProvider ?? Simple(TokenProvider);

        internal override string ToJson()
        {
            OnlyOne(Token, !(TokenProvider is null));
            var to = new JsonWriter().Open().Name("dialect").Value("astro");
            WriteToken(to, Token, !(Provider is null));
            if (Credentials.Count > 0)
            {
                to.Name("credentials").OpenList();
                foreach (var one in Credentials)
                {
                    to.Open().Name("name").Value(one.Name).Name("token_type").Value(Wire.Word(one.TokenType)).Name("token");
                    if (one.Token is null) to.Value("provider");
                    else to.Open().Name("static").Value(one.Token).Close();
                    to.Close();
                }
                to.CloseList();
            }
            WriteOptions(to);
            return to.Close().ToString();
        }
    }

    /// <summary>A credential with a name.</summary>
    public sealed class NamedCredential
    {
        /// <summary>A credential.</summary>
        /// <param name="name">Its name; <c>default</c> is the client's own.</param>
        /// <param name="token">The token; null to ask the provider for it.</param>
        /// <param name="tokenType">What kind of token it is.</param>
        public NamedCredential(string name, string? token, TokenType tokenType = TokenType.Jwt)
        {
            Name = name ?? throw new ArgumentNullException(nameof(name));
            Token = token;
            TokenType = tokenType;
        }

        /// <summary>Its name.</summary>
        public string Name { get; }

        /// <summary>The token; null to ask the provider for it.</summary>
        public string? Token { get; }

        /// <summary>What kind of token it is.</summary>
        public TokenType TokenType { get; }
    }

    public sealed partial class GraphQLOptions : ClientOptions
    {
        /// <summary>The credential, if the server wants one, always the same.</summary>
        public string? Token { get; set; }

        /// <summary>Fetches the credential whenever one is needed. It runs on the thread pool.</summary>
        public Func<CancellationToken, ValueTask<string>>? TokenProvider { get; set; }

        internal override Func<TokenRequest, CancellationToken, ValueTask<string>>? Provider => Simple(TokenProvider);

        /// <summary>The defaults for Bitquery's streaming API.</summary>
        public static GraphQLOptions Bitquery()
        {
            var options = new GraphQLOptions
            {
                Url = "wss://streaming.bitquery.io/graphql",
                Auth = GraphQLAuth.Query,
                AuthName = "token",
                AuthPrefix = "",
                Protocol = GraphQLProtocol.Legacy,
                Sockets = GraphQLSockets.PerOperation,
                IdleTimeout = TimeSpan.FromSeconds(10),
            };
            options.Reconnect.Initial = TimeSpan.FromSeconds(3);
            options.Reconnect.Max = TimeSpan.FromSeconds(60);
            return options;
        }

        internal override string ToJson()
        {
            OnlyOne(Token, !(TokenProvider is null));
            var to = new JsonWriter().Open().Name("dialect").Value("graphql");
            WriteToken(to, Token, !(TokenProvider is null));
            WriteOptions(to);
            return to.Close().ToString();
        }
    }

    public sealed partial class RawOptions : ClientOptions
    {
        /// <summary>Options with reconnecting off, as a plain socket behaves.</summary>
        public RawOptions()
        {
            Reconnect.Enabled = false;
        }

        internal override string ToJson()
        {
            var to = new JsonWriter().Open().Name("dialect").Value("raw");
            WriteOptions(to);
            return to.Close().ToString();
        }
    }

    public sealed partial class WebPubSubOptions : ClientOptions
    {
        /// <summary>Fetches a client access URL from your server, whenever a new session begins. It runs on the thread pool.</summary>
        public Func<CancellationToken, ValueTask<string>>? UrlProvider { get; set; }

        internal override Func<TokenRequest, CancellationToken, ValueTask<string>>? Provider => Simple(UrlProvider);

        internal override string ToJson()
        {
            if (!(Url is null) && !(UrlProvider is null)) throw new ArgumentException("option `Url`: expected a URL or a provider, not both", "Url");
            var to = new JsonWriter().Open().Name("dialect").Value("webpubsub");
            if (!(UrlProvider is null)) to.Name("url_provider").Value(true);
            WriteOptions(to);
            return to.Close().ToString();
        }
    }

    public sealed partial class ConnectionOptions
    {
        /// <summary>Headers of the upgrade request, in order.</summary>
        public IList<KeyValuePair<string, string>> Headers { get; } = new List<KeyValuePair<string, string>>();

        internal void WriteHeaders(JsonWriter to)
        {
            if (Headers.Count == 0) return;
            to.Name("headers").OpenList();
            foreach (var header in Headers) to.OpenList().Value(header.Key).Value(header.Value).CloseList();
            to.CloseList();
        }
    }
}
