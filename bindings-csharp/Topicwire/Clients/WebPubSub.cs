using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Topicwire.Json;
using Topicwire.Runtime;

namespace Topicwire
{
    /// <summary>Joins groups of an Azure Web PubSub hub, sends to them, and raises events of an application.</summary>
    /// <remarks>
    /// <para>A message's topic is <c>group</c>, <c>server</c>, <c>stream</c> or <c>group_state</c>, its room the group, and its id the number that the reliable subprotocols give it.
    /// With <see cref="WebPubSubOptions.Envelopes"/> its payload is everything that is known of it, the sender among it.</para>
    /// <para>Over a reliable subprotocol, which is the default, a lost connection loses nothing. Where that fails another session begins, the groups are joined again, and a
    /// <see cref="GapEvent"/> says for which of them something may be missing.</para>
    /// </remarks>
    /// <example>
    /// <code>
    /// await using var hub = new WebPubSub(new WebPubSubOptions { Url = accessUrl });
    /// hub.GroupMessageReceived += (sender, message) => Console.WriteLine($"{message.Room}: {message.Text}");
    /// await hub.JoinGroupAsync("lobby");
    /// await hub.SendToGroupAsync("lobby", "good morning");
    /// </code>
    /// </example>
    public sealed class WebPubSub : TopicwireClient
    {
        private readonly Dictionary<(string Name, Delegate Handler), Stack<Delegate>> stands = new Dictionary<(string, Delegate), Stack<Delegate>>();

        /// <summary>A client, which begins to connect at once.</summary>
        /// <param name="options">How it behaves.</param>
        /// <exception cref="ArgumentException">An option cannot work; it is named.</exception>
        public WebPubSub(WebPubSubOptions options) : base(options) { }

        /// <summary>A session has begun; <see cref="OpenedEvent.Greeting"/> has connection and user id as JSON.</summary>
        public event EventHandler<OpenedEvent> Connected
        {
            add => Opened += Stand(nameof(Connected), value, one => !one.Resumed);
            remove => Opened -= Taken(nameof(Connected), value);
        }

        /// <summary>The connection was lost, and the session is to be taken up again.</summary>
        public event EventHandler<StateEvent> Recovering
        {
            add => StateChanged += Stand(nameof(Recovering), value, one => one.To == ClientStates.Recovering);
            remove => StateChanged -= Taken(nameof(Recovering), value);
        }

        /// <summary>The session goes on where it was: nothing was missed.</summary>
        public event EventHandler<StateEvent> Recovered
        {
            add => StateChanged += Stand(nameof(Recovered), value, one => one.From == ClientStates.Recovering && one.To == ClientStates.Active);
            remove => StateChanged -= Taken(nameof(Recovered), value);
        }

        /// <summary>A session is over and another is to begin. <see cref="StateEvent.Cause"/> has the close code and reason, if the service gave them.</summary>
        public event EventHandler<StateEvent> Disconnected
        {
            add => StateChanged += Stand(nameof(Disconnected), value, IsLost);
            remove => StateChanged -= Taken(nameof(Disconnected), value);
        }

        /// <summary>The client has ended, and how.</summary>
        public event EventHandler<ClosedEvent> Stopped
        {
            add => Closed += value;
            remove => Closed -= value;
        }

        /// <summary>Something was sent to a group.</summary>
        public event EventHandler<MessageEvent> GroupMessageReceived
        {
            add => Message += Stand(nameof(GroupMessageReceived), value, one => one.Topic == "group" || one.Topic == "stream");
            remove => Message -= Taken(nameof(GroupMessageReceived), value);
        }

        /// <summary>The application's server sent something.</summary>
        public event EventHandler<MessageEvent> ServerMessageReceived
        {
            add => Message += Stand(nameof(ServerMessageReceived), value, one => one.Topic == "server");
            remove => Message -= Taken(nameof(ServerMessageReceived), value);
        }

        /// <summary>Ends the client, in whatever state it is; the service forgets the session. The same as <see cref="TopicwireClient.CloseAsync(CancellationToken)"/>.</summary>
        /// <param name="cancellation">Ends the wait; the client is aborted then.</param>
        public Task<ClosedEvent> StopAsync(CancellationToken cancellation = default) => CloseAsync(cancellation);

        /// <summary>Joins a group, to hear what is sent to it. It is joined again whenever another session begins.</summary>
        /// <param name="group">The group.</param>
        /// <param name="cancellation">Takes the request back.</param>
        /// <exception cref="TopicwireException">What the service said, with its own name (<c>Forbidden</c>, …) as the gateway's code.</exception>
        /// <exception cref="OperationCanceledException">It was cancelled.</exception>
        public async Task<Subscription> JoinGroupAsync(string group, CancellationToken cancellation = default)
        {
            var reply = await Ask(Command("join_group", "group", group), default, cancellation).ConfigureAwait(false);
            return new Subscription((long)(reply.Subscription ?? reply.Request), "group", group, reply.Result);
        }

        /// <summary>Leaves a group, however often it was joined.</summary>
        /// <param name="group">The group.</param>
        /// <param name="cancellation">Takes the request back.</param>
        /// <exception cref="TopicwireException">What the service said.</exception>
        public Task LeaveGroupAsync(string group, CancellationToken cancellation = default) => Ask(Command("leave_group", "group", group), default, cancellation);

        /// <summary>Sends to everybody in a group, which one need not be in oneself, and completes with the acknowledgement.</summary>
        /// <param name="group">The group.</param>
        /// <param name="data">A string for text, bytes, or <see cref="WebPubSubData.Json"/>.</param>
        /// <param name="noEcho">It does not come back to this connection.</param>
        /// <param name="fireAndForget">No acknowledgement is asked for; null is returned when it was written.</param>
        /// <param name="metadata">What is said beside the data, by name. JSON subprotocols only.</param>
        /// <param name="timeToLive">For how long a copy that could not be delivered is worth delivering, in whole seconds up to 300. JSON subprotocols only.</param>
        /// <param name="cancellation">Takes the request back.</param>
        /// <exception cref="TopicwireException">What the service said; <c>outcome_unknown</c> when the session was lost in between.</exception>
        public async Task<WebPubSubAcknowledgement?> SendToGroupAsync(
            string group,
            WebPubSubData data,
            bool noEcho = false,
            bool fireAndForget = false,
            IReadOnlyDictionary<string, string>? metadata = null,
            TimeSpan timeToLive = default,
            CancellationToken cancellation = default)
        {
            var command = Command("send_to_group", "group", group).Name("no_echo").Value(noEcho).Name("fire_and_forget").Value(fireAndForget);
            Metadata(command, metadata);
            if (timeToLive != default) command.Name("ttl_seconds").Value((long)timeToLive.TotalSeconds);
            return Acknowledged(await Ask(command, data, cancellation).ConfigureAwait(false));
        }

        /// <summary>Raises an event of the application's server. What it answers comes as a message of the topic <c>server</c>.</summary>
        /// <param name="eventName">The event.</param>
        /// <param name="data">A string for text, bytes, or <see cref="WebPubSubData.Json"/>.</param>
        /// <param name="fireAndForget">No acknowledgement is asked for; null is returned when it was written.</param>
        /// <param name="metadata">What is said beside the data, by name. JSON subprotocols only.</param>
        /// <param name="cancellation">Takes the request back.</param>
        /// <exception cref="TopicwireException">What the service said; <c>outcome_unknown</c> when the session was lost in between.</exception>
        public async Task<WebPubSubAcknowledgement?> SendEventAsync(
            string eventName,
            WebPubSubData data,
            bool fireAndForget = false,
            IReadOnlyDictionary<string, string>? metadata = null,
            CancellationToken cancellation = default)
        {
            var command = Command("send_event", "event", eventName).Name("fire_and_forget").Value(fireAndForget);
            Metadata(command, metadata);
            return Acknowledged(await Ask(command, data, cancellation).ConfigureAwait(false));
        }

        /// <summary>Raises an event and completes with its result. It is sent once; cancelling tells the service. JSON subprotocols only.</summary>
        /// <param name="eventName">The event.</param>
        /// <param name="data">A string for text, bytes, or <see cref="WebPubSubData.Json"/>.</param>
        /// <param name="cancellation">Takes it back.</param>
        /// <exception cref="TopicwireException">The handler failed; <c>outcome_unknown</c> when the connection was lost.</exception>
        public async Task<WebPubSubInvocation> InvokeAsync(string eventName, WebPubSubData data, CancellationToken cancellation = default)
        {
            var reply = await Ask(Command("invoke", "event", eventName), data, cancellation).ConfigureAwait(false);
            return new WebPubSubInvocation(reply.Result);
        }

        /// <summary>Sends a text in simple mode (<see cref="WebPubSubProtocol.Simple"/>), which has nothing else.</summary>
        /// <param name="text">The message.</param>
        /// <param name="cancellation">Ends the wait; the message is on its way all the same.</param>
        public ValueTask SendAsync(string text, CancellationToken cancellation = default)
        {
            if (text is null) throw new ArgumentNullException(nameof(text));
            return Core.SendAsync(Raw.First | Raw.Fin, Encoding.UTF8.GetBytes(text), cancellation);
        }

        /// <summary>Sends bytes in simple mode (<see cref="WebPubSubProtocol.Simple"/>), which has nothing else.</summary>
        /// <param name="bytes">The message.</param>
        /// <param name="cancellation">Ends the wait; the message is on its way all the same.</param>
        public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default) =>
            Core.SendAsync(Raw.Binary | Raw.First | Raw.Fin, bytes, cancellation);

        /// <summary>Begins a stream to a group: fragments that arrive in order, each acknowledged.</summary>
        /// <param name="group">The group.</param>
        /// <param name="streamId">The stream's name; null for a new one.</param>
        /// <param name="idleTimeout">The service ends the stream when nothing was sent for this long; null for its own default.</param>
        /// <param name="noEcho">It does not come back to this connection.</param>
        /// <param name="cancellation">Takes the request back.</param>
        /// <exception cref="TopicwireException">What the service said.</exception>
        public async Task<WebPubSubGroupStream> StartStreamAsync(
            string group, string? streamId = null, TimeSpan? idleTimeout = null, bool noEcho = false, CancellationToken cancellation = default)
        {
            var name = streamId ?? Guid.NewGuid().ToString();
            var command = Command("start_stream", "group", group).Name("stream_id").Value(name).Name("no_echo").Value(noEcho);
            if (!(idleTimeout is null)) command.Name("idle_timeout_ms").Value(idleTimeout.Value, nameof(idleTimeout));
            await Ask(command, default, cancellation).ConfigureAwait(false);
            return new WebPubSubGroupStream(this, group, name);
        }

        /// <summary>Sets what others see of this connection in a group, or clears it.</summary>
        /// <param name="group">The group.</param>
        /// <param name="state">The state; null clears it.</param>
        /// <param name="cancellation">Takes the request back.</param>
        /// <exception cref="TopicwireException">What the service said.</exception>
        public Task SetGroupStateAsync(string group, IReadOnlyDictionary<string, string>? state, CancellationToken cancellation = default)
        {
            var command = Command("set_group_state", "group", group).Name("state");
            if (state is null) command.Null();
            else Texts(command, state);
            return Ask(command, default, cancellation);
        }

        /// <summary>Hears of the state of everybody in a group: messages of the topic <c>group_state</c>.</summary>
        /// <param name="group">The group.</param>
        /// <param name="cancellation">Takes the request back.</param>
        /// <exception cref="TopicwireException">What the service said.</exception>
        public Task SubscribeGroupStateAsync(string group, CancellationToken cancellation = default) =>
            Ask(Command("subscribe_group_state", "group", group), default, cancellation);

        /// <summary>Hears of it no more.</summary>
        /// <param name="group">The group.</param>
        /// <param name="cancellation">Takes the request back.</param>
        /// <exception cref="TopicwireException">What the service said.</exception>
        public Task UnsubscribeGroupStateAsync(string group, CancellationToken cancellation = default) =>
            Ask(Command("unsubscribe_group_state", "group", group), default, cancellation);

        private static void Metadata(JsonWriter command, IReadOnlyDictionary<string, string>? metadata)
        {
            if (!(metadata is null)) Texts(command.Name("metadata"), metadata);
        }

        private static void Texts(JsonWriter to, IReadOnlyDictionary<string, string> texts)
        {
            to.Open();
            foreach (var one in texts) to.Name(one.Key).Value(one.Value);
            to.Close();
        }

        internal static JsonWriter Command(string type, string member, string value)
        {
            if (value is null) throw new ArgumentNullException(member);
            return new JsonWriter().Open().Name("type").Value(type).Name(member).Value(value);
        }

        internal Task<ReplyEvent> Ask(JsonWriter command, WebPubSubData data, CancellationToken cancellation)
        {
            if (!data.Bytes.IsEmpty || data.Type != default) command.Name("data_type").Value(Wire.Word(data.Type));
            return Core.Ask(command.Close().ToString(), data.Bytes, cancellation);
        }

        private static WebPubSubAcknowledgement? Acknowledged(ReplyEvent reply) =>
            reply.Result is null || reply.Result.Length == 0 ? null : new WebPubSubAcknowledgement(reply.Result);

        private static bool IsLost(StateEvent one) =>
            (one.From == ClientStates.Active || one.From == ClientStates.Recovering)
            && (one.To == ClientStates.Backoff || one.To == ClientStates.Connecting || one.To == ClientStates.AwaitingWelcome);

        /// <summary>What is registered in the place of a handler: it hears of some of the events only.</summary>
        private EventHandler<T> Stand<T>(string name, EventHandler<T> handler, Func<T, bool> wanted)
        {
            EventHandler<T> stand = (sender, one) =>
            {
                if (wanted(one)) handler(sender, one);
            };
            lock (stands)
            {
                if (!stands.TryGetValue((name, handler), out var known)) stands[(name, handler)] = known = new Stack<Delegate>();
                known.Push(stand);
            }
            return stand;
        }

        private EventHandler<T>? Taken<T>(string name, EventHandler<T> handler)
        {
            lock (stands)
            {
                if (!stands.TryGetValue((name, handler), out var known)) return null;
                var stand = (EventHandler<T>)known.Pop();
                if (known.Count == 0) stands.Remove((name, handler));
                return stand;
            }
        }
    }

    /// <summary>A stream to a group. It survives the connection, and ends with the session.</summary>
    public sealed class WebPubSubGroupStream : IAsyncDisposable
    {
        private readonly WebPubSub hub;
        private int ended;

        internal WebPubSubGroupStream(WebPubSub hub, string group, string id)
        {
            this.hub = hub;
            Group = group;
            Id = id;
        }

        /// <summary>The group.</summary>
        public string Group { get; }

        /// <summary>The stream's name.</summary>
        public string Id { get; }

        /// <summary>Sends the next fragment, and completes when the service has it. Up to 256 may wait.</summary>
        /// <param name="data">A string for text, bytes, or <see cref="WebPubSubData.Json"/>.</param>
        /// <param name="cancellation">Takes the request back.</param>
        /// <exception cref="TopicwireException">What the service said.</exception>
        public Task SendAsync(WebPubSubData data, CancellationToken cancellation = default) =>
            hub.Ask(WebPubSub.Command("stream_data", "stream_id", Id), data, cancellation);

        /// <summary>Ends the stream; with an error, early. Does nothing the second time.</summary>
        /// <param name="error">Why, for people.</param>
        /// <param name="errorCode">Why, for programs.</param>
        /// <param name="cancellation">Takes the request back.</param>
        /// <exception cref="TopicwireException">What the service said.</exception>
        public async Task EndAsync(string? error = null, string? errorCode = null, CancellationToken cancellation = default)
        {
            if (Interlocked.Exchange(ref ended, 1) != 0) return;
            var command = WebPubSub.Command("end_stream", "stream_id", Id);
            if (!(error is null)) command.Name("error").Value(error);
            if (!(errorCode is null)) command.Name("error_code").Value(errorCode);
            await hub.Ask(command, default, cancellation).ConfigureAwait(false);
        }

        /// <summary>Ends the stream.</summary>
        public async ValueTask DisposeAsync() => await EndAsync().ConfigureAwait(false);
    }
}
