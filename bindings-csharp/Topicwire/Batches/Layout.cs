namespace Topicwire.Batches
{
    /// <summary>Where things stand in a batch. docs/batch.md says the same in prose.</summary>
    internal static class Layout
    {
        internal const uint Magic = 0x31425754; // "TWB1"
        internal const int Header = 32;
        internal const int Record = 64;
        internal const int MaxEvents = 256;
        internal const int MaxBytes = 32 << 10;
        internal const uint None = uint.MaxValue;

        internal const int HeaderLength = 6;
        internal const int RecordLength = 8;
        internal const int HeaderFlags = 10;
        internal const int Count = 12;
        internal const int StringsAt = 16;
        internal const int Strings = 20;
        internal const int Used = 24;

        internal const int Kind = 0;
        internal const int Flags = 2;
        internal const int Connection = 4;
        internal const int Seq = 8;
        internal const int Received = 16;
        internal const int Subject = 24;
        internal const int Body = 32;
        internal const int Topic = 40;
        internal const int Room = 44;
        internal const int Id = 48;
        internal const int Time = 56;

        internal const int PayloadKind = 0b11;
        internal const int OpenEnd = 1 << 2;
        internal const int HasSubject = 1 << 3;
        internal const int Many = 1 << 4;
        internal const int Recovered = 1 << 5;
        internal const int Confirmed = 1 << 6;
        internal const int Ok = 1 << 7;
    }
}
