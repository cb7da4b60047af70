using System;
using Topicwire.Interop;

namespace Topicwire.Runtime
{
    /// <summary>Whether assembly and native library belong together.</summary>
    internal static class LibraryVersion
    {
        /// <summary>Compares them, with a word for the usual reasons why there is no library at all.</summary>
        internal static void Verify()
        {
            string native;
            try
            {
                native = Functions.Version();
            }
            catch (DllNotFoundException error)
            {
                throw new DllNotFoundException(
                    $"the native library '{Library.Name}' of Topicwire was not found for this platform ({System.Runtime.InteropServices.RuntimeInformation.OSDescription}, "
                    + $"{System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture}). The package carries linux-x64; Mono and Unity do not look into runtimes/, so copy the library beside the program there",
                    error);
            }
            var ours = typeof(LibraryVersion).Assembly.GetName().Version;
            if (ours is null || !System.Version.TryParse(native, out var theirs)) return;
            if (ours.Major == theirs.Major && ours.Minor == theirs.Minor && ours.Build == theirs.Build) return;
            var stale = new System.Version(ours.Major, ours.Minor, ours.Build) > theirs ? "the native library is stale" : "the assembly is stale";
            throw new InvalidOperationException($"Topicwire's assembly is version {ours.ToString(3)} and its native library version {native}: {stale}; take both from one package");
        }
    }
}
