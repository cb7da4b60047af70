using System;
using System.Threading;
using System.Threading.Tasks;
using Topicwire.Json;

namespace Topicwire
{
    /// <summary>Listens to topics of StreamElements channels.</summary>
    /// <example>
    /// <code>
    /// await using var astro = new Astro(new AstroOptions { Token = token });
    /// await astro.SubscribeAsync("channel.activities", room);
    /// await foreach (var e in astro)
    /// {
    ///     if (e is MessageEvent message) Console.WriteLine($"{message.Topic}: {message.Text}");
    /// }
    /// </code>
    /// </example>
    public sealed class Astro : TopicwireClient
    {
        /// <summary>A client, which begins to connect at once.</summary>
        /// <param name="options">How it behaves.</param>
        /// <exception cref="ArgumentException">An option cannot work; it is named.</exception>
        public Astro(AstroOptions options) : base(options) { }

        /// <summary>Listens to a topic. Completes with the gateway's answer; messages come as events, perhaps even before it.</summary>
        /// <param name="topic">The topic, for example <see cref="AstroTopics.ChannelActivities"/>.</param>
        /// <param name="room">The room: a channel id. Without one, the credential's own channel is looked up.</param>
        /// <param name="cancellation">Takes the request back.</param>
        /// <exception cref="TopicwireException">What the gateway said, or <c>closed</c>.</exception>
        /// <exception cref="OperationCanceledException">It was cancelled.</exception>
        public Task<Subscription> SubscribeAsync(string topic, string? room = null, CancellationToken cancellation = default) =>
            SubscribeAsync(topic, room, null, cancellation);

        /// <summary>The same with another of the client's credentials.</summary>
        /// <param name="topic">The topic.</param>
        /// <param name="room">The room: a channel id. Without one, the credential's own channel is looked up.</param>
        /// <param name="credential">The credential's name; null for the client's own.</param>
        /// <param name="cancellation">Takes the request back.</param>
        public async Task<Subscription> SubscribeAsync(string topic, string? room, string? credential, CancellationToken cancellation = default)
        {
            if (topic is null) throw new ArgumentNullException(nameof(topic));
            var command = new JsonWriter().Open().Name("type").Value("subscribe").Name("topic").Value(topic);
            if (!(room is null)) command.Name("room").Value(room);
            if (!(credential is null)) command.Name("credential").Value(credential);
            var reply = await Core.Ask(command.Close().ToString(), default, cancellation).ConfigureAwait(false);
            return new Subscription((long)(reply.Subscription ?? reply.Request), topic, room, reply.Result);
        }

        /// <summary>Ends a subscription. Messages that are on their way are dropped.</summary>
        /// <param name="subscription">It.</param>
        /// <param name="cancellation">Ends the wait.</param>
        /// <exception cref="TopicwireException">What the gateway said, or <c>closed</c>.</exception>
        public Task UnsubscribeAsync(Subscription subscription, CancellationToken cancellation = default)
        {
            if (subscription is null) throw new ArgumentNullException(nameof(subscription));
            return Core.Ask(new JsonWriter().Open().Name("type").Value("unsubscribe").Name("subscription").Value(subscription.Id).Close().ToString(), default, cancellation);
        }

        /// <summary>Ends every subscription of a topic, whatever its room.</summary>
        /// <param name="topic">The topic.</param>
        /// <param name="cancellation">Ends the wait.</param>
        /// <exception cref="TopicwireException">What the gateway said, or <c>closed</c>.</exception>
        public Task UnsubscribeAllAsync(string topic, CancellationToken cancellation = default)
        {
            if (topic is null) throw new ArgumentNullException(nameof(topic));
            return Core.Ask(new JsonWriter().Open().Name("type").Value("unsubscribe_all").Name("topic").Value(topic).Close().ToString(), default, cancellation);
        }
    }

    /// <summary>A live subscription.</summary>
    public sealed class Subscription
    {
        internal Subscription(long id, string topic, string? room, byte[]? result)
        {
            Id = id;
            Topic = topic;
            Room = room;
            Result = result ?? Array.Empty<byte>();
        }

        /// <summary>Its number, as messages carry it.</summary>
        public long Id { get; }

        /// <summary>The topic that was asked for.</summary>
        public string Topic { get; }

        /// <summary>The room that was asked for.</summary>
        public string? Room { get; }

        /// <summary>What the gateway said when it accepted, as JSON.</summary>
        public ReadOnlyMemory<byte> Result { get; }
    }
}
