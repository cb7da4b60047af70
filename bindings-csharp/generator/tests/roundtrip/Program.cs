// Calls everything that the fixture exports, through the code that the generator wrote for it.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Fixture;

internal static class Program
{
    private static int passed;
    private static int failed;

    private static int Main(string[] arguments)
    {
        if (arguments.Length == 1 && arguments[0] == "stale")
        {
            Check("a library that changed is refused, by the name of what changed", () =>
            {
                var error = Throws<Exception>(() => Counter.Zero());
                Equal(true, error.Message.Contains("method_counter_add") && error.Message.Contains("stale"));
            });
            return Finish();
        }
        Check("every number comes back", () =>
        {
            foreach (var numbers in new[]
            {
                new Numbers(byte.MaxValue, sbyte.MinValue, ushort.MaxValue, short.MinValue, uint.MaxValue, int.MinValue, ulong.MaxValue, long.MinValue, 1.5f, -2.25, true),
                new Numbers(0, 0, 0, 0, 0, 0, 0, 0, float.MaxValue, double.Epsilon, false),
            })
            {
                var back = Functions.EchoNumbers(numbers);
                Equal(Shown(numbers), Shown(back));
            }
        });
        Check("text, bytes, options, sequences, maps, enums and records come back", () =>
        {
            var numbers = new Numbers(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, true);
            var map = new Dictionary<string, ulong> { ["one"] = 1, ["zwölf 🦉"] = 12 };
            var shapes = new Shape[] { new Shape.Dot(), new Shape.Circle(2), new Shape.Rectangle(3, 4), new Shape.Tuple("t", 5) };
            var things = new Things("päivää 🦉", new byte[] { 0, 255 }, "there", 7, new[] { "", "two" }, new ushort?[] { 1, null }, map, numbers, Colour.DarkBlue, Colour.Red, shapes, true);
            var back = Functions.Echo(things);
            Equal(things.Text, back.Text);
            Equal("0,255", string.Join(",", back.Bytes));
            Equal("there", back.MaybeText);
            Equal(7u, back.MaybeNumber);
            Equal("|two", string.Join("|", back.List));
            Equal("1|", string.Join("|", back.Nested.Select(one => one?.ToString())));
            Equal("one=1,zwölf 🦉=12", string.Join(",", back.Map.OrderBy(pair => pair.Value).Select(pair => pair.Key + "=" + pair.Value)));
            Equal(Shown(numbers), Shown(back.Numbers!));
            Equal(Colour.DarkBlue, back.Colour);
            Equal(Colour.Red, back.MaybeColour);
            Equal("Dot Circle:2 Rectangle:3x4 Tuple:t5", string.Join(" ", back.Shapes.Select(Shown)));
            Equal(true, back.Event);
            var bare = Functions.Echo(new Things("", new byte[0], null, null, new string[0], new ushort?[0], new Dictionary<string, ulong>(), null, Colour.Red, null, new Shape[0], false));
            Equal(true, bare.MaybeText is null && bare.MaybeNumber is null && bare.Numbers is null && bare.MaybeColour is null && bare.Map.Count == 0);
        });
        Check("bytes come back, and lent bytes are read in place", () =>
        {
            var bytes = Enumerable.Range(0, 100_000).Select(one => (byte)one).ToArray();
            Equal(true, Functions.EchoBytes(bytes).SequenceEqual(bytes));
            Equal((ulong)bytes.Sum(one => one), Functions.Sum(bytes));
            Equal(0ul, Functions.Sum(default));
            Equal(true, Functions.Not(false));
        });
        Check("an error is an exception with the fields of its variant", () =>
        {
            var error = Throws<FixtureException.Refused>(() => new Counter(-1));
            Equal("too low", error.Message);
            Equal(7u, error.Code);
            Equal("start at 0", error.Hint);
            var flat = Throws<FlatException.TooMuch>(() => Functions.Flat());
            Equal("too much", flat.Message);
        });
        Check("a panic is an exception, and the object goes on", () =>
        {
            using var counter = Counter.Zero();
            var error = Throws<Exception>(() => counter.Panic());
            Equal(true, error.Message.Contains("as asked"));
            Equal(3L, counter.Add(3));
        });
        Check("objects are passed, returned and nested", () =>
        {
            using var one = new Counter(5);
            using var twin = one.Twin();
            Equal(10L, one.AddOther(twin));
            var back = Functions.EchoCounters(new[] { one, twin });
            Equal(11L, back[0].Add(1));
            Equal(12L, one.Add(1));
            foreach (var counter in back) counter.Dispose();
        });
        Check("a disposed object is refused, and disposing twice does nothing", () =>
        {
            using var one = Counter.Zero();
            var other = Counter.Zero();
            other.Dispose();
            other.Dispose();
            Throws<ObjectDisposedException>(() => other.Add(1));
            Throws<ObjectDisposedException>(() => one.AddOther(other));
            Equal(1L, one.Add(1));
        });
        Check("callbacks get arguments and return values, on any thread", () =>
        {
            using var counter = Counter.Zero();
            var listener = new Listener();
            counter.Listen(listener);
            Equal("cba:7", counter.Turn("abc", new Numbers(0, 0, 0, 0, 7, 0, 0, 0, 0, 0, false)));
            Equal("Circle:2", listener.Told);
            Equal(42L, counter.AddElsewhere(2));
            counter.Listen(null);
            Throws<FixtureException.Nothing>(() => counter.Turn("abc", null));
        });
        Check("what a callback throws arrives as an error and unwinds nothing", () =>
        {
            using var counter = Counter.Zero();
            counter.Listen(new Listener());
            var ours = Throws<FixtureException.Refused>(() => counter.Turn("refuse", null));
            Equal("no|9", ours.Message + "|" + ours.Code);
            var foreign = Throws<FixtureException.Callback>(() => counter.Turn("crash", null));
            Equal(true, foreign.Reason.Contains("crashed"));
        });
        Check("what is disposed of or forgotten goes away, also while it is being called", () =>
        {
            Forget();
            var counter = Counter.Zero();
            var calls = Enumerable.Range(0, 8).Select(_ => new Thread(() =>
            {
                try
                {
                    for (var at = 0; at < 10_000; at++) counter.Add(1);
                }
                catch (ObjectDisposedException)
                {
                }
            })).ToList();
            calls.ForEach(one => one.Start());
            counter.Dispose();
            calls.ForEach(one => one.Join());
            for (var at = 0; at < 100 && Functions.Alive() > 0; at++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
            Equal(0L, Functions.Alive());
        });
        return Finish();
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static void Forget()
    {
        for (var at = 0; at < 100; at++) Counter.Zero();
    }

    private sealed class Listener : IListener
    {
        internal string Told = "";

        public string Turn(string text, Numbers? numbers)
        {
            if (text == "refuse") throw new FixtureException.Refused("no", 9, null);
            if (text == "crash") throw new InvalidOperationException("crashed");
            return new string(text.Reverse().ToArray()) + ":" + numbers?.U32;
        }

        public long Add(long number) => 40 + number;

        public void Tell(Shape shape) => Told = Shown(shape);
    }

    private static string Shown(Numbers one) =>
        $"{one.U8} {one.I8} {one.U16} {one.I16} {one.U32} {one.I32} {one.U64} {one.I64} {one.F32:R} {one.F64:R} {one.Bool}";

    private static string Shown(Shape one) => one switch
    {
        Shape.Circle circle => "Circle:" + circle.Radius,
        Shape.Rectangle rectangle => $"Rectangle:{rectangle.Width}x{rectangle.Height}",
        Shape.Tuple tuple => "Tuple:" + tuple.Value0 + tuple.Value1,
        _ => "Dot",
    };

    private static void Check(string name, Action test)
    {
        try
        {
            test();
            passed++;
        }
        catch (Exception error)
        {
            failed++;
            Console.WriteLine($"FAILED {name}\n{error}");
        }
    }

    private static void Equal<T>(T expected, T found)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, found)) throw new Exception($"expected {expected}, found {found}");
    }

    private static T Throws<T>(Action action) where T : Exception
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

    private static int Finish()
    {
        Console.WriteLine($"{passed} passed, {failed} failed");
        return failed == 0 ? 0 : 1;
    }
}
