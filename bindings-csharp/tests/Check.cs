using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Topicwire.Tests
{
    /// <summary>What tests say.</summary>
    internal static class Check
    {
        internal static void Equal<T>(T expected, T found)
        {
            if (!EqualityComparer<T>.Default.Equals(expected, found)) throw new Exception($"expected {expected}, found {found}");
        }

        internal static void True(bool found, string what)
        {
            if (!found) throw new Exception(what);
        }

        internal static T Is<T>(object? found) where T : class =>
            found as T ?? throw new Exception($"expected {typeof(T).Name}, found {found?.GetType().Name ?? "nothing"}: {found}");

        internal static T Throws<T>(Action action) where T : Exception
        {
            try
            {
                action();
            }
            catch (T error)
            {
                return error;
            }
            throw new Exception($"expected {typeof(T).Name}");
        }

        internal static async Task<T> ThrowsAsync<T>(Func<Task> action) where T : Exception
        {
            try
            {
                await action();
            }
            catch (T error)
            {
                return error;
            }
            throw new Exception($"expected {typeof(T).Name}");
        }

        /// <summary>A token that gives up in the end, so that a failure says where rather than hangs.</summary>
        internal static CancellationToken Soon() => new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token;

        /// <summary>Waits until something holds. It gives up after 20 s, or what much work may take on a busy machine.</summary>
        internal static async Task Until(Func<bool> condition, string what, TimeSpan? within = null)
        {
            var deadline = DateTime.UtcNow + (within ?? TimeSpan.FromSeconds(20));
            while (!condition())
            {
                if (DateTime.UtcNow > deadline) throw new Exception("it never came about: " + what);
                await Task.Delay(5);
            }
        }

        /// <summary>The next event of a kind; others are passed over.</summary>
        internal static async Task<T> Next<T>(TopicwireClient client, Func<T, bool>? wanted = null) where T : TopicwireEvent
        {
            while (await client.NextAsync(Soon()) is { } one)
            {
                if (one is T right && (wanted is null || wanted(right))) return right;
            }
            throw new Exception($"the client ended before a {typeof(T).Name}");
        }
    }
}
