namespace Topicwire
{
    /// <summary>What went wrong: a stable code, a sentence, what the gateway itself said, and whether a retry can help.</summary>
    public sealed class TopicwireError
    {
        internal TopicwireError(string code, string message, string? gatewayCode, string? gatewayMessage, bool isRetryable)
        {
            Code = code;
            Message = message;
            GatewayCode = gatewayCode;
            GatewayMessage = gatewayMessage;
            IsRetryable = isRetryable;
        }

        /// <summary>The stable code, one of <see cref="ErrorCodes"/>. The same in every language.</summary>
        public string Code { get; }

        /// <summary>What was wrong, what was expected and what to do.</summary>
        public string Message { get; }

        /// <summary>The gateway's own code, as it was sent.</summary>
        public string? GatewayCode { get; }

        /// <summary>The gateway's own text, as it was sent.</summary>
        public string? GatewayMessage { get; }

        /// <summary>Whether the same thing tried again may succeed.</summary>
        public bool IsRetryable { get; }

        /// <inheritdoc/>
        public override string ToString()
        {
            var said = GatewayCode is null ? GatewayMessage : GatewayMessage is null ? GatewayCode : GatewayCode + ", " + GatewayMessage;
            return said is null ? $"{Code}: {Message}" : $"{Code}: {Message} (gateway: {said})";
        }
    }
}
