using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Topicwire.Interop;
using Topicwire.Json;

namespace Topicwire.Runtime
{
    /// <summary>What every client is made of: the native client, its lanes for replies and needs, and whoever waits for an answer.</summary>
    internal sealed class ClientCore
    {
        private readonly Client native;
        private readonly Views views;
        private readonly LaneReader replies;
        private readonly LaneReader service;
        private readonly ConcurrentDictionary<ulong, TaskCompletionSource<ReplyEvent>> waiting = new ConcurrentDictionary<ulong, TaskCompletionSource<ReplyEvent>>();
        private readonly TaskCompletionSource<bool> active = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<ClosedEvent> closed = new TaskCompletionSource<ClosedEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly object writableGate = new object();
        private readonly Needs needs;
        private readonly Ticket ticket;
        private TaskCompletionSource<bool>? writable;
        private long writables;
        private long lastRequest;

        internal ClientCore(string options, Func<TokenRequest, CancellationToken, ValueTask<string>>? provider)
        {
            var poller = Dispatcher.Poller;
            try
            {
                native = new Client(options);
                views = native.Views();
            }
            catch (NativeException error)
            {
                throw TopicwireException.Of(error);
            }
            needs = new Needs(this, provider);
            var replyPump = new Pump(DrainReplies);
            replies = Open(poller, new LaneReader(this, replyPump.Schedule), to => to.Name("role").Value("reply"));
            var servicePump = new Pump(DrainService);
            service = Open(poller, new LaneReader(this, servicePump.Schedule), to =>
            {
                to.Name("role").Value("service");
                to.Name("filter").Open().Name("kinds").List(new[] { "need", "need_cancelled", "state" }).Close();
            });
            ticket = new Ticket(this);
            Exit.Add(ticket);
        }

        ~ClientCore()
        {
            if (!(ticket is null)) Exit.Remove(ticket);
        }

        internal ulong ReplyLane => replies.LaneId;

        /// <summary>Completes with the client's end.</summary>
        internal Task<ClosedEvent> Closed => closed.Task;

        /// <summary>Completes when the client is connected for the first time.</summary>
        internal Task Active => active.Task;

        internal void Connect() => Call(() => native.Connect());

        /// <summary>Opens a lane.</summary>
        internal LaneReader OpenLane(Action<JsonWriter> options, Action? ready = null, ulong request = 0, string? command = null)
        {
            return Open(Dispatcher.Poller, new LaneReader(this, ready), options, request, command);
        }

        private LaneReader Open(Poller poller, LaneReader reader, Action<JsonWriter> options, ulong request = 0, string? command = null)
        {
            var json = LaneJson(reader, options);
            try
            {
                reader.Attach(native.OpenLane(poller, json, request, null, command), views);
                return reader;
            }
            catch (NativeException error)
            {
                reader.Dispose();
                throw TopicwireException.Of(error);
            }
        }

        internal void SetLane(LaneReader reader, Action<JsonWriter> options) => Call(() => native.SetLane(reader.LaneId, LaneJson(reader, options)));

        internal void CloseLane(LaneReader reader)
        {
            try
            {
                native.CloseLane(reader.LaneId);
            }
            catch (ObjectDisposedException)
            {
                // The client is gone, and its lanes with it.
            }
            reader.Dispose();
        }

        private static string LaneJson(LaneReader reader, Action<JsonWriter> options)
        {
            var to = new JsonWriter().Open().Name("token").Value(reader.Token);
            options(to);
            return to.Close().ToString();
        }

        internal ulong NextRequest() => (ulong)Interlocked.Increment(ref lastRequest);

        /// <summary>Gives a command and waits for its answer. Cancelling takes it back.</summary>
        internal Task<ReplyEvent> Ask(string command, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
        {
            return Ask(request => native.Submit(request, ReplyLane, command, payload.Span), cancellation);
        }

        private async Task<ReplyEvent> Ask(Action<ulong> give, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            if (needs.IsServing)
            {
                throw TopicwireException.Of(ErrorCodes.ProviderReentrant, "a token provider cannot wait for its own client, which waits for the token");
            }
            var request = NextRequest();
            var answer = new TaskCompletionSource<ReplyEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
            // Whoever waits is there before the answer can come.
            waiting[request] = answer;
            replies.Hold();
            try
            {
                Call(() => give(request));
                ReplyEvent reply;
                using (cancellation.Register(() => TakeBack(request, answer, cancellation)))
                {
                    reply = await answer.Task.ConfigureAwait(false);
                }
                return reply.Error is null ? reply : throw TopicwireException.Of(reply.Error);
            }
            finally
            {
                waiting.TryRemove(request, out _);
                if (waiting.IsEmpty) replies.LetGo();
                if (!waiting.IsEmpty) replies.Hold();
            }
        }

        private void TakeBack(ulong request, TaskCompletionSource<ReplyEvent> answer, CancellationToken cancellation)
        {
            if (!answer.TrySetCanceled(cancellation)) return;
            try
            {
                native.Cancel(request);
            }
            catch (ObjectDisposedException)
            {
                // There is nothing to take back.
            }
        }

        /// <summary>Sends a frame and does not wait. False: much is on its way already.</summary>
        internal bool Send(uint flags, ReadOnlySpan<byte> payload)
        {
            try
            {
                return native.Send(0, 0, flags, payload) == Accepted.Queued;
            }
            catch (NativeException error)
            {
                throw TopicwireException.Of(error);
            }
            catch (ObjectDisposedException)
            {
                throw TopicwireException.Of(ErrorCodes.Closed, "the client is closed; make a new one");
            }
        }

        /// <summary>Sends a frame, and waits for room if much is on its way.</summary>
        internal ValueTask SendAsync(uint flags, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
        {
            if (cancellation.IsCancellationRequested) return new ValueTask(Task.FromCanceled(cancellation));
            var before = Interlocked.Read(ref writables);
            return Send(flags, payload.Span) ? default : new ValueTask(WritableAfter(before, cancellation));
        }

        private async Task WritableAfter(long before, CancellationToken cancellation)
        {
            Task wait;
            lock (writableGate)
            {
                if (Interlocked.Read(ref writables) != before) return;
                writable ??= new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = writable.Task;
                replies.Hold();
            }
            var cancelled = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            using (cancellation.Register(() => cancelled.TrySetCanceled(cancellation)))
            {
                await (await Task.WhenAny(wait, closed.Task, cancelled.Task).ConfigureAwait(false)).ConfigureAwait(false);
            }
        }

        private bool DrainReplies()
        {
            while (replies.TryNext() is { } one)
            {
                switch (one)
                {
                    case ReplyEvent reply:
                        if (waiting.TryRemove(reply.Request, out var answer)) answer.TrySetResult(reply);
                        break;
                    case WritableEvent _:
                        lock (writableGate)
                        {
                            Interlocked.Increment(ref writables);
                            writable?.TrySetResult(true);
                            writable = null;
                        }
                        break;
                    case ClosedEvent _:
                        foreach (var left in waiting.Values)
                        {
                            left.TrySetException(TopicwireException.Of(ErrorCodes.Closed, "the client was closed before the answer came"));
                        }
                        break;
                }
            }
            return false;
        }

        private bool DrainService()
        {
            while (service.TryNext() is { } one)
            {
                switch (one)
                {
                    case NeedEvent need:
                        needs.Serve(need);
                        break;
                    case NeedCancelledEvent cancelled:
                        needs.Cancel(cancelled.Request);
                        break;
                    case StateEvent state when state.To == ClientStates.Active:
                        active.TrySetResult(true);
                        break;
                    case ClosedEvent end:
                        needs.CancelAll();
                        if (end.Cause is null) active.TrySetException(TopicwireException.Of(ErrorCodes.Closed, "the client is closed; make a new one"));
                        else active.TrySetException(TopicwireException.Of(end.Cause));
                        // Nobody need ask how it went.
                        _ = active.Task.Exception;
                        closed.TrySetResult(end);
                        Exit.Remove(ticket);
                        break;
                }
            }
            return false;
        }

        /// <summary>Keeps the client from being collected while somebody waits for its beginning or its end.</summary>
        internal async Task<T> Holding<T>(Task<T> task, CancellationToken cancellation)
        {
            service.Hold();
            var cancelled = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            using (cancellation.Register(() => cancelled.TrySetCanceled(cancellation)))
            {
                return await (await Task.WhenAny(task, cancelled.Task).ConfigureAwait(false)).ConfigureAwait(false);
            }
        }

        internal Task ConnectedAsync(CancellationToken cancellation) => Holding(active.Task, cancellation);

        /// <summary>What the provider threw, if that is what a fault is about.</summary>
        internal TopicwireEvent Dress(TopicwireEvent one)
        {
            if (!(one is FaultEvent fault) || fault.Request is null) return one;
            var exception = needs.Failure((ulong)fault.Request.Value);
            return exception is null ? one : new FaultEvent(fault.Seq, fault.Fault, fault.Count, fault.Subscription, fault.Request, fault.Error, exception);
        }

        internal void Answer(ulong request, string token, ulong? validForMs) => native.Answer(request, token, validForMs);

        internal void AnswerFailed(ulong request, string text, bool retryable) => native.AnswerFailed(request, text, retryable);

        internal void Close(int code, string reason)
        {
            if (code < 0 || code > ushort.MaxValue) throw new ArgumentOutOfRangeException(nameof(code));
            Call(() => native.CloseClient((ushort)code, reason));
        }

        internal void Abort()
        {
            try
            {
                native.Abort();
            }
            catch (ObjectDisposedException)
            {
                // It has been let go.
            }
        }

        internal string State()
        {
            try
            {
                return native.State();
            }
            catch (ObjectDisposedException)
            {
                return ClientStates.Closed;
            }
        }

        internal Stats Stats() => native.Stats();

        internal Refusal? Refusal() => native.Refusal();

        internal long OutboundBytes() => (long)native.OutboundBytes();

        private static void Call(Action action)
        {
            try
            {
                action();
            }
            catch (NativeException error)
            {
                throw TopicwireException.Of(error);
            }
            catch (ObjectDisposedException)
            {
                throw TopicwireException.Of(ErrorCodes.Closed, "the client is closed; make a new one");
            }
        }

        /// <summary>What the end of the process knows of a client. It does not keep it.</summary>
        internal sealed class Ticket
        {
            private readonly WeakReference<ClientCore> client;

            internal Ticket(ClientCore client)
            {
                this.client = new WeakReference<ClientCore>(client);
            }

            internal Task? SayGoodbye()
            {
                if (!client.TryGetTarget(out var one)) return null;
                one.native.CloseClient(1001, "");
                return one.closed.Task;
            }
        }
    }
}
