using System;
using System.Text;
using Topicwire.Interop;

namespace Topicwire
{
    /// <summary>
    /// Something failed. Cancelling is an <see cref="OperationCanceledException"/> and a wrong option an <see cref="ArgumentException"/>; everything else is this.
    /// </summary>
    public class TopicwireException : Exception
    {
        /// <summary>An exception for an error.</summary>
        /// <param name="error">What went wrong.</param>
        /// <param name="inner">What it came from, if it came from code of yours.</param>
        public TopicwireException(TopicwireError error, Exception? inner = null) : base(error?.ToString(), inner)
        {
            Error = error ?? throw new ArgumentNullException(nameof(error));
        }

        /// <summary>What went wrong, in full.</summary>
        public TopicwireError Error { get; }

        /// <summary>The stable code, one of <see cref="ErrorCodes"/>.</summary>
        public string Code => Error.Code;

        /// <summary>Whether the same thing tried again may succeed.</summary>
        public bool IsRetryable => Error.IsRetryable;

        /// <summary>The gateway's own code, as it was sent.</summary>
        public string? GatewayCode => Error.GatewayCode;

        /// <summary>The gateway's own text, as it was sent.</summary>
        public string? GatewayMessage => Error.GatewayMessage;

        internal static TopicwireException Of(string code, string message) => new TopicwireException(new TopicwireError(code, message, null, null, false));

        /// <summary>What the native library refused, as users see it.</summary>
        internal static Exception Of(NativeException error)
        {
            if (!(error is NativeException.Refused refused)) return Of(ErrorCodes.Internal, error.Message);
            if (refused.Code == ErrorCodes.InvalidOption)
            {
                var option = Option(refused.Message);
                return option is null ? new ArgumentException(refused.Message) : new ArgumentException(refused.Message, option);
            }
            return new TopicwireException(new TopicwireError(refused.Code, refused.Message, refused.GatewayCode, refused.GatewayText, refused.Retryable), error);
        }

        internal static Exception Of(TopicwireError error)
        {
            if (error.Code == ErrorCodes.Cancelled) return new OperationCanceledException(error.Message);
            return new TopicwireException(error);
        }

        /// <summary>The property that the core means: <c>connection.connect_timeout_ms</c> is <c>Connection.ConnectTimeout</c>.</summary>
        private static string? Option(string message)
        {
            var start = message.IndexOf('`');
            var end = start < 0 ? -1 : message.IndexOf('`', start + 1);
            if (end < 0) return null;
            var path = message.Substring(start + 1, end - start - 1);
            if (path.EndsWith("_ms", StringComparison.Ordinal)) path = path.Substring(0, path.Length - 3);
            var name = new StringBuilder();
            var upper = true;
            foreach (var character in path)
            {
                if (character == '_')
                {
                    upper = true;
                    continue;
                }
                name.Append(upper ? char.ToUpperInvariant(character) : character);
                upper = character == '.';
            }
            return name.ToString();
        }
    }
}
