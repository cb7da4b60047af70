using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Text;
using System.Threading.Tasks;

namespace Topicwire.Tests
{
    /// <summary>A program that is running, and what it has printed.</summary>
    internal sealed class Running : IDisposable
    {
        private readonly StringBuilder output = new StringBuilder();
        private readonly Process process;

        internal Running(string assembly, IDictionary<string, string> environment)
        {
            process = Programs.Start(assembly, "", environment);
            void Keep(object sender, DataReceivedEventArgs line)
            {
                lock (output) output.AppendLine(line.Data);
            }
            process.OutputDataReceived += Keep;
            process.ErrorDataReceived += Keep;
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        private string Output
        {
            get
            {
                lock (output) return output.ToString();
            }
        }

        internal async Task Prints(string text)
        {
            try
            {
                await Check.Until(() => Output.Contains(text), "the program prints " + text);
            }
            catch (Exception error)
            {
                throw new Exception($"{error.Message}; it printed:\n{Output}");
            }
        }

        internal Task Ends() => Check.Until(() => process.HasExited, "the program ends");

        public void Dispose()
        {
            if (!process.HasExited) process.Kill();
            process.Dispose();
        }
    }
}
