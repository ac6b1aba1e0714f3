using System.Diagnostics;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>The system's programs that make and mount file systems, to their ends.</summary>
internal static class DiskProgram
{
    /// <returns>Its exit code; -1 where there is no such program.</returns>
    public static int Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }
}
