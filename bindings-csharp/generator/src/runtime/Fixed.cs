/// <summary>The native library cannot be used: it does not fit, or it failed in a way that it has no error for.</summary>
VISIBILITY sealed class NativeLibraryException : Exception
{
    internal NativeLibraryException(string message, Exception? inner = null) : base(message, inner) { }
}

/// <summary>Marks methods that native code calls, for compilers that must know them in advance.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MonoPInvokeCallbackAttribute : Attribute
{
    internal MonoPInvokeCallbackAttribute(Type type) { Type = type; }

    internal Type Type { get; }
}

/// <summary>Bytes that are the library's.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RustBuffer
{
    internal ulong Capacity;
    internal ulong Length;
    internal byte* Data;

    internal static RustBuffer Of(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        var buffer = Allocate(length);
        fixed (char* characters = text)
        {
            Encoding.UTF8.GetBytes(characters, text.Length, buffer.Data, length);
        }
        return buffer;
    }

    /// <summary>For messages of errors, where a second error would help nobody.</summary>
    internal static RustBuffer OfOrNone(string text)
    {
        try
        {
            return Of(text);
        }
        catch (Exception)
        {
            return default;
        }
    }

    internal static RustBuffer Of(ReadOnlySpan<byte> bytes)
    {
        var buffer = Allocate(bytes.Length);
        bytes.CopyTo(new Span<byte>(buffer.Data, bytes.Length));
        return buffer;
    }

    internal static string TakeString(RustBuffer buffer)
    {
        try
        {
            return buffer.Length == 0 ? "" : Encoding.UTF8.GetString(buffer.Data, checked((int)buffer.Length));
        }
        finally
        {
            Free(buffer);
        }
    }

    internal static void Free(RustBuffer buffer)
    {
        if (buffer.Data == null) return;
        RustCallStatus status = default;
        Ffi.Free(buffer, &status);
    }

    private static RustBuffer Allocate(int size)
    {
        RustCallStatus status = default;
        var buffer = Ffi.Allocate((ulong)size, &status);
        if (status.Code != 0) throw status.Unexpected();
        return buffer;
    }
}

/// <summary>Bytes of ours that are lent for one call.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ForeignBytes
{
    internal int Length;
    internal byte* Data;

    internal ForeignBytes(int length, byte* data)
    {
        Length = length;
        Data = data;
    }
}

/// <summary>How a call went.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RustCallStatus
{
    internal sbyte Code;
    internal RustBuffer ErrorBuffer;

    internal NativeLibraryException Unexpected()
    {
        var text = RustBuffer.TakeString(ErrorBuffer);
        return new NativeLibraryException(text.Length == 0 ? "the native library failed and did not say why" : "the native library failed: " + text);
    }
}

/// <summary>An object of the library. It is let go when this is disposed of or collected, and not before the last call on it has returned.</summary>
VISIBILITY abstract class NativeObject : SafeHandle
{
    private protected NativeObject() : base(IntPtr.Zero, true) { }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == IntPtr.Zero;

    private protected void Adopt(ulong raw)
    {
        SetHandle(unchecked((IntPtr)(long)raw));
    }

    /// <summary>A handle for the library to keep. The caller holds this object.</summary>
    internal unsafe ulong CloneHeld()
    {
        RustCallStatus status = default;
        var clone = CloneRaw(unchecked((ulong)(long)handle), &status);
        if (status.Code != 0) throw status.Unexpected();
        return clone;
    }

    /// <summary>A handle for the library to keep.</summary>
    internal ulong CloneHandle()
    {
        var held = false;
        try
        {
            DangerousAddRef(ref held);
            return CloneHeld();
        }
        finally
        {
            if (held) DangerousRelease();
        }
    }

    /// <inheritdoc/>
    protected override unsafe bool ReleaseHandle()
    {
        RustCallStatus status = default;
        FreeRaw(unchecked((ulong)(long)handle), &status);
        if (status.Code == 0) return true;
        RustBuffer.Free(status.ErrorBuffer);
        return false;
    }

    private protected abstract unsafe ulong CloneRaw(ulong raw, RustCallStatus* status);

    private protected abstract unsafe void FreeRaw(ulong raw, RustCallStatus* status);
}

/// <summary>Objects of ours that the library knows by number. Numbers are odd, which tells them from the library's own.</summary>
internal sealed class HandleMap<T> where T : class
{
    private readonly Dictionary<ulong, T> map = new Dictionary<ulong, T>();
    private ulong next = 1;

    internal ulong Insert(T value)
    {
        lock (map)
        {
            var handle = next;
            next += 2;
            map.Add(handle, value);
            return handle;
        }
    }

    internal T Get(ulong handle)
    {
        lock (map)
        {
            return map.TryGetValue(handle, out var value) ? value : throw new NativeLibraryException("the library called something that it had let go");
        }
    }

    /// <summary>0 if there is no such thing: an exception could not be told.</summary>
    internal ulong Clone(ulong handle)
    {
        lock (map)
        {
            return map.TryGetValue(handle, out var value) ? Insert(value) : 0;
        }
    }

    internal void Remove(ulong handle)
    {
        lock (map)
        {
            map.Remove(handle);
        }
    }
}

/// <summary>Reads what the library wrote.</summary>
internal unsafe ref struct Reader
{
    private ReadOnlySpan<byte> left;

    internal Reader(RustBuffer buffer)
    {
        left = new ReadOnlySpan<byte>(buffer.Data, checked((int)buffer.Length));
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)left.Length) throw new NativeLibraryException("the library sent less than it said");
        var taken = left.Slice(0, count);
        left = left.Slice(count);
        return taken;
    }

    /// <summary>A capacity that a wrong count cannot blow up.</summary>
    internal int Sensible(int count)
    {
        if (count < 0) throw new NativeLibraryException("the library sent a negative count");
        return Math.Min(count, left.Length);
    }

    // Not an index: the type of a read-only span's indexer differs between builds of Mono.
    internal byte U8() => MemoryMarshal.Read<byte>(Take(1));

    internal sbyte I8() => unchecked((sbyte)U8());

    internal ushort U16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    internal short I16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    internal uint U32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    internal int I32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    internal ulong U64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    internal long I64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    internal float F32() => BitConverter.Int32BitsToSingle(I32());

    internal double F64() => BitConverter.Int64BitsToDouble(I64());

    internal string Text() => Encoding.UTF8.GetString(Take(I32()));

    internal byte[] Bytes() => Take(I32()).ToArray();

    internal void AssertEnd()
    {
        if (!left.IsEmpty) throw new NativeLibraryException("the library sent more than was expected");
    }
}

/// <summary>Writes what the library reads.</summary>
internal sealed class Writer
{
    private byte[] buffer = new byte[64];
    private int length;

    private Span<byte> Grow(int count)
    {
        if (buffer.Length - length < count) Array.Resize(ref buffer, Math.Max(buffer.Length * 2, checked(length + count)));
        var span = buffer.AsSpan(length, count);
        length += count;
        return span;
    }

    internal void U8(byte value) => Grow(1)[0] = value;

    internal void I8(sbyte value) => Grow(1)[0] = unchecked((byte)value);

    internal void U16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Grow(2), value);

    internal void I16(short value) => BinaryPrimitives.WriteInt16BigEndian(Grow(2), value);

    internal void U32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Grow(4), value);

    internal void I32(int value) => BinaryPrimitives.WriteInt32BigEndian(Grow(4), value);

    internal void U64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Grow(8), value);

    internal void I64(long value) => BinaryPrimitives.WriteInt64BigEndian(Grow(8), value);

    internal void F32(float value) => I32(BitConverter.SingleToInt32Bits(value));

    internal void F64(double value) => I64(BitConverter.DoubleToInt64Bits(value));

    internal void Text(string value)
    {
        var count = Encoding.UTF8.GetByteCount(value);
        I32(count);
        Encoding.UTF8.GetBytes(value, Grow(count));
    }

    internal void Bytes(byte[] value)
    {
        I32(value.Length);
        value.CopyTo(Grow(value.Length));
    }

    internal RustBuffer Finish() => RustBuffer.Of(buffer.AsSpan(0, length));
}
