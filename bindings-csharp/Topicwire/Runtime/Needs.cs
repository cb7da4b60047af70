using System;
using System.Collections.Concurrent;
using System.Threading;
using System.Threading.Tasks;

namespace Topicwire.Runtime
{
    /// <summary>Runs a user's token provider on the pool, once for each need, and answers with what it says.</summary>
    internal sealed class Needs
    {
        private static readonly AsyncLocal<Needs?> Current = new AsyncLocal<Needs?>();

        private readonly WeakReference<ClientCore> client;
        private readonly Func<TokenRequest, CancellationToken, ValueTask<string>>? provider;
        private readonly ConcurrentDictionary<ulong, CancellationTokenSource> running = new ConcurrentDictionary<ulong, CancellationTokenSource>();
        private readonly ConcurrentDictionary<ulong, Exception> failures = new ConcurrentDictionary<ulong, Exception>();

        internal Needs(ClientCore client, Func<TokenRequest, CancellationToken, ValueTask<string>>? provider)
        {
            this.client = new WeakReference<ClientCore>(client);
            this.provider = provider;
        }

        /// <summary>Whether this code runs in the provider of this client.</summary>
        internal bool IsServing => Current.Value == this;

        internal void Serve(NeedEvent need)
        {
            var source = new CancellationTokenSource();
            running[need.Request] = source;
            _ = Task.Run(() => Run(need, source.Token));
        }

        private async Task Run(NeedEvent need, CancellationToken cancellation)
        {
            string? token = null;
            var text = "the client has no token provider; set TokenProvider in its options";
            var retryable = false;
            try
            {
                if (!(provider is null))
                {
                    Current.Value = this;
                    token = await provider(new TokenRequest(need.Credential, need.Reason), cancellation).ConfigureAwait(false);
                    if (string.IsNullOrEmpty(token)) text = "the token provider returned nothing";
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // One failure is kept a need, for the fault that reports it. Its text may quote the token's server, so only its kind is passed on.
                if (failures.Count > 64) failures.Clear();
                failures[need.Request] = error;
                text = "the token provider threw " + error.GetType().Name;
                retryable = !(error is TopicwireException ours) || ours.IsRetryable;
            }
            finally
            {
                if (running.TryRemove(need.Request, out var source)) source.Dispose();
            }
            // A provider that hangs must not keep a client that its user has forgotten.
            if (!client.TryGetTarget(out var core)) return;
            try
            {
                if (string.IsNullOrEmpty(token)) core.AnswerFailed(need.Request, text, retryable);
                else core.Answer(need.Request, token!, null);
            }
            catch (ObjectDisposedException)
            {
                // Nobody needs it any more.
            }
        }

        internal Exception? Failure(ulong request) => failures.TryRemove(request, out var error) ? error : null;

        internal void Cancel(ulong request)
        {
            if (running.TryRemove(request, out var source)) source.Cancel();
        }

        internal void CancelAll()
        {
            foreach (var request in running.Keys) Cancel(request);
        }
    }
}
