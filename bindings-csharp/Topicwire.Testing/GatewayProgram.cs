using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

namespace Topicwire.Testing
{
    /// <summary>Where the program is.</summary>
    internal static class GatewayProgram
    {
        private static readonly bool Windows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

        /// <summary>A path that can be started.</summary>
        internal static string Find()
        {
            var named = Environment.GetEnvironmentVariable("TOPICWIRE_PROGRAM");
            if (!string.IsNullOrEmpty(named)) return File.Exists(named) ? named! : throw new FileNotFoundException($"TOPICWIRE_PROGRAM names {named}, which is not there", named);
            var name = Windows ? "topicwire.exe" : "topicwire";
            var tried = Folders().Select(folder => Path.Combine(folder, name)).ToList();
            var found = tried.FirstOrDefault(File.Exists);
            if (found is null)
            {
                throw new FileNotFoundException(
                    $"the program `{name}` of Topicwire.Testing was not found for this platform; looked for {string.Join(", ", tried)}. Set TOPICWIRE_PROGRAM to a build of your own");
            }
            return Windows ? found : Executable(found);
        }

        private static IEnumerable<string> Folders()
        {
            // Where the host looks for native libraries: the package's own folder among them.
            var native = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
            foreach (var folder in native.Split(Path.PathSeparator).Where(one => one.Length > 0)) yield return folder;
            yield return AppContext.BaseDirectory;
            var platform = (Windows ? "win" : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "osx" : "linux") + "-" + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
            yield return Path.Combine(AppContext.BaseDirectory, "runtimes", platform, "native");
        }

        /// <summary>NuGet forgets that a file can be run, and its folder may be read-only: a copy in the user's cache is marked.</summary>
        private static string Executable(string program)
        {
            if (access(program, 1) == 0) return program;
            var about = new FileInfo(program);
            var home = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
            var cache = Path.Combine(home.Length > 0 ? home : Path.GetTempPath(), "topicwire");
            Directory.CreateDirectory(cache);
            var copy = Path.Combine(cache, $"topicwire-{about.Length}-{about.LastWriteTimeUtc.Ticks}");
            if (File.Exists(copy) && access(copy, 1) == 0) return copy;
            // Two processes may do this at once: each makes its own, and the last one's stays.
            var fresh = copy + "-" + Guid.NewGuid().ToString("N");
            File.Copy(program, fresh);
            if (chmod(fresh, Convert.ToUInt32("755", 8)) != 0) throw new IOException($"{fresh} cannot be made executable");
            if (rename(fresh, copy) != 0) return fresh;
            return copy;
        }

        [DllImport("libc")]
        private static extern int access([MarshalAs(UnmanagedType.LPStr)] string path, int mode);

        [DllImport("libc")]
        private static extern int chmod([MarshalAs(UnmanagedType.LPStr)] string path, uint mode);

        [DllImport("libc")]
        private static extern int rename([MarshalAs(UnmanagedType.LPStr)] string from, [MarshalAs(UnmanagedType.LPStr)] string to);
    }
}
