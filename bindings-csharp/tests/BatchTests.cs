using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using Topicwire.Batches;
using Topicwire.Json;

namespace Topicwire.Tests
{
    /// <summary>The examples that every decoder must read: tests/batch.</summary>
    [Tests]
    internal static class BatchTests
    {
        private static string Folder()
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); !(folder is null); folder = folder.Parent)
            {
                var batch = Path.Combine(folder.FullName, "tests", "batch");
                if (Directory.Exists(batch)) return batch;
            }
            throw new DirectoryNotFoundException("tests/batch is in no folder above the program");
        }

        public static Task Every_example_says_what_its_description_says()
        {
            var read = 0;
            foreach (var file in Directory.GetFiles(Folder(), "*.bin"))
            {
                using var expected = JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(file, ".json")));
                var batch = new Batch(File.ReadAllBytes(file), new LaneMemory());
                var events = expected.RootElement.GetProperty("events").EnumerateArray().ToArray();
                Check.Equal(events.Length, batch.Count);
                for (var at = 0; at < events.Length; at++)
                {
                    var one = batch.Event(at);
                    Check.Equal(events[at].GetProperty("seq").GetInt64(), one.Seq);
                    Compare(Path.GetFileName(file), events[at], one);
                    read++;
                }
            }
            Check.True(read > 15, "there are examples");
            return Task.CompletedTask;
        }

        private static void Compare(string file, JsonElement expected, TopicwireEvent found)
        {
            var kind = expected.GetProperty("kind");
            var name = kind.ValueKind == JsonValueKind.Number ? "unknown" : kind.GetString();
            var ours = found.Kind == EventKind.NeedCancelled ? "need_cancelled" : found.Kind.ToString().ToLowerInvariant();
            if (name != ours) throw new Exception($"{file}: expected {name}, found {ours}");
            foreach (var member in expected.EnumerateObject())
            {
                // What is a plain value in the description is a property of the same name.
                var property = found.GetType().GetProperty(string.Concat(member.Name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word.Substring(1))));
                var plain = member.Value.ValueKind is var sort && (sort == JsonValueKind.String || sort == JsonValueKind.True || sort == JsonValueKind.False || sort == JsonValueKind.Number);
                if (property is null || !plain || member.Name == "kind" || member.Name == "payload_kind" || member.Name == "greeting" || property.PropertyType.Name.Contains("DateTimeOffset") || property.PropertyType.Name.Contains("Nullable`1") || property.PropertyType.Name.Contains("ReadOnlyMemory")) continue;
                if (member.Value.ToString() != property.GetValue(found)?.ToString()) throw new Exception($"{file}, seq {found.Seq}, {member.Name}: expected {member.Value}, found {property.GetValue(found)}");
            }
            if (!(found is MessageEvent message)) return;
            Check.Equal(expected.GetProperty("payload_hex").GetString(), string.Concat(message.Raw.ToArray().Select(one => one.ToString("x2"))));
            Check.Equal(string.Join(",", expected.GetProperty("subscriptions").EnumerateArray().Select(one => one.GetInt64())), string.Join(",", message.Subscriptions));
            Check.Equal(expected.GetProperty("received").GetInt64(), message.Received.ToUnixTimeMilliseconds());
            Check.Equal(expected.GetProperty("payload_kind").GetString()!.Replace("_", ""), message.PayloadKind.ToString().ToLowerInvariant());
            void Same(string field, object? value)
            {
                var wanted = expected.TryGetProperty(field, out var one) && one.ValueKind != JsonValueKind.Null ? one.ToString() : null;
                if (wanted != value?.ToString()) throw new Exception($"{file}, seq {found.Seq}, {field}: expected {wanted}, found {value}");
            }
            Same("topic", message.Topic);
            Same("room", message.Room);
            Same("id", message.Id);
            Same("time", message.Time);
        }

        public static Task Bytes_that_are_no_batch_are_refused()
        {
            Check.Throws<InvalidDataException>(() => new Batch(new byte[10], new LaneMemory()));
            Check.Throws<InvalidDataException>(() => new Batch(new byte[100], new LaneMemory()));
            var cut = File.ReadAllBytes(Path.Combine(Folder(), "messages.bin")).Take(100).ToArray();
            Check.Throws<InvalidDataException>(() => new Batch(cut, new LaneMemory()));
            return Task.CompletedTask;
        }

        public static Task The_end_of_a_value_is_found_whatever_follows_it()
        {
            foreach (var (json, value) in new[]
            {
                ("{\"a\":[1,{\"b\":\"}\\\"]\"}]} , \"x\":1}", "{\"a\":[1,{\"b\":\"}\\\"]\"}]}"),
                ("[[],[]],1", "[[],[]]"), ("\"a\\\\\" }", "\"a\\\\\""), (" 12 }", " 12"), ("true}", "true"), ("null,\"x\"", "null"), ("-1.5e3", "-1.5e3"),
                ("{\"a\":", "{\"a\":"), ("\"\\", "\"\\"), ("", ""),
            })
            {
                var bytes = Encoding.UTF8.GetBytes(json);
                Check.Equal(value, Encoding.UTF8.GetString(bytes, 0, JsonSpan.Length(bytes)));
            }
            return Task.CompletedTask;
        }

        public static Task What_is_written_as_JSON_is_read_as_it_was()
        {
            var map = new Dictionary<string, object?>
            {
                ["text"] = "a\"\\\n\u0001 päivää 🦉", ["number"] = 12.5, ["big"] = ulong.MaxValue, ["yes"] = true, ["none"] = null, ["list"] = new object[] { 1, "2" },
            };
            using var document = JsonDocument.Parse(new JsonWriter().Any(map, "map").ToString());
            Check.Equal("a\"\\\n\u0001 päivää 🦉", document.RootElement.GetProperty("text").GetString());
            Check.Equal(ulong.MaxValue, document.RootElement.GetProperty("big").GetUInt64());
            Check.Equal("2", document.RootElement.GetProperty("list")[1].GetString());
            return Task.CompletedTask;
        }
    }
}
