namespace Topicwire
{
    /// <summary>What a token provider is asked for.</summary>
    public sealed class TokenRequest
    {
        internal TokenRequest(string credential, string reason)
        {
            Credential = credential;
            Reason = reason;
        }

        /// <summary>The credential's name; <c>default</c> for the client's own.</summary>
        public string Credential { get; }

        /// <summary>Why: <c>initial</c>, <c>reconnect</c>, or <c>rejected</c>, in which case an answer from a cache would be refused again.</summary>
        public string Reason { get; }
    }
}
