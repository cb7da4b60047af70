using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Topicwire.Tests.Scenarios
{
    /// <summary>What a client reported, put so that it can be compared: no numbers, no times, names in place of ids.</summary>
    internal static class Report
    {
        private static readonly string[] Kinds = { "message", "state", "subscribed", "unsubscribed", "ended", "gap", "reply", "fault", "need", "closed", "lagged" };

        /// <summary>An event as a scenario writes it; null for those that it never mentions.</summary>
        internal static JsonElement? Line(TopicwireEvent one, IReadOnlyDictionary<ulong, string> names)
        {
            string Of(long subscription) => names.TryGetValue((ulong)subscription, out var name) ? name : "?";
            var line = new Dictionary<string, object?>();
            switch (one)
            {
                case MessageEvent message:
                    line["message"] = Payload(message);
                    line["of"] = message.Subscriptions.Select(Of).ToArray();
                    line["topic"] = message.Topic;
                    break;
                case StateEvent state:
                    line["state"] = state.To;
                    break;
                case SubscribedEvent subscribed:
                    line["subscribed"] = Of(subscribed.Subscription);
                    line["recovered"] = subscribed.Recovered;
                    line["confirmed"] = subscribed.Confirmed;
                    break;
                case UnsubscribedEvent unsubscribed:
                    line["unsubscribed"] = Of(unsubscribed.Subscription);
                    break;
                case EndedEvent ended:
                    line["ended"] = Of(ended.Subscription);
                    line["outcome"] = ended.Outcome;
                    break;
                case GapEvent gap:
                    line["gap"] = gap.Subscriptions.Select(Of).ToArray();
                    break;
                case ReplyEvent reply when names.TryGetValue(reply.Request, out var name):
                    line["reply"] = name;
                    if (reply.Error is null) line["result"] = reply.Result is null ? (object?)null : Json(reply.Result);
                    else line["error"] = reply.Error.Code;
                    break;
                case FaultEvent fault:
                    line["fault"] = fault.Fault;
                    break;
                case NeedEvent _:
                    line["need"] = "token";
                    break;
                case ClosedEvent closed:
                    line["closed"] = closed.Cause?.Code;
                    break;
                default:
                    return null;
            }
            return Json(JsonSerializer.SerializeToUtf8Bytes(line));
        }

        private static object Payload(MessageEvent message)
        {
            try
            {
                return message.Data;
            }
            catch (JsonException)
            {
                return message.Text;
            }
        }

        internal static JsonElement Json(ReadOnlyMemory<byte> text)
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }

        /// <summary>
        /// What differs, or null. What concerns one subscription (or request) must come in order; across them order is free. Kinds that the file never mentions are
        /// passed over, and a state that follows itself counts once.
        /// </summary>
        internal static string? Difference(IReadOnlyList<JsonElement> expected, IEnumerable<JsonElement> heard)
        {
            var mentioned = expected.Select(Kind).ToHashSet();
            var streams = new SortedDictionary<string, (List<JsonElement> Expected, List<JsonElement> Heard)>(StringComparer.Ordinal);
            (List<JsonElement> Expected, List<JsonElement> Heard) Stream(string name) =>
                streams.TryGetValue(name, out var there) ? there : streams[name] = (new List<JsonElement>(), new List<JsonElement>());
            foreach (var one in expected)
            {
                foreach (var stream in StreamsOf(one)) Stream(stream).Expected.Add(one);
            }
            foreach (var one in heard.Where(one => !(Kind(one) is null) && mentioned.Contains(Kind(one))))
            {
                foreach (var stream in StreamsOf(one))
                {
                    var there = Stream(stream).Heard;
                    if (Kind(one) != "state" || there.Count == 0 || !Pattern.Same(there[there.Count - 1], one)) there.Add(one);
                }
            }
            foreach (var pair in streams)
            {
                var (wanted, there) = pair.Value;
                if (wanted.Count == there.Count && wanted.Zip(there, (pattern, one) => new Pattern().Matches(pattern, one)).All(fits => fits)) continue;
                return $"{pair.Key}:\n  expected\n    {string.Join("\n    ", wanted)}\n  heard\n    {string.Join("\n    ", there)}";
            }
            return null;
        }

        private static string? Kind(JsonElement one) => Kinds.FirstOrDefault(kind => one.TryGetProperty(kind, out _));

        private static IReadOnlyList<string> StreamsOf(JsonElement one)
        {
            static IEnumerable<string> Names(JsonElement list) =>
                list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String).Select(name => "subscription " + name.GetString()) : Enumerable.Empty<string>();
            var kind = Kind(one);
            var found = kind switch
            {
                "message" => one.TryGetProperty("of", out var of) ? Names(of).ToList() : new List<string>(),
                "gap" => Names(one.GetProperty("gap")).ToList(),
                "subscribed" => new List<string> { "subscription " + one.GetProperty(kind).GetString() },
                "unsubscribed" => new List<string> { "subscription " + one.GetProperty(kind).GetString() },
                "ended" => new List<string> { "subscription " + one.GetProperty(kind).GetString() },
                "reply" => new List<string> { "request " + one.GetProperty(kind).GetString() },
                "state" => new List<string> { "the client's state" },
                "closed" => new List<string> { "the client's state" },
                null => new List<string>(),
                _ => new List<string> { kind + "s" },
            };
            return found.Count > 0 ? found : new List<string> { "messages of nobody" };
        }
    }
}
