using System.Diagnostics;
using System.Globalization;

namespace Netra.Pipeline.LogFigures;

/// <summary>The standalone server, of any build, as a process of its own: nothing is known of it but its port and its memory.</summary>
internal sealed class StandaloneServer : IAsyncDisposable
{
    private const string ListeningMark = "Now listening on: http://127.0.0.1:";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1);

    private readonly Process _process;
    private readonly TemporaryFolder _folder;

    private StandaloneServer(Process process, TemporaryFolder folder, int port) => (_process, _folder, Port) = (process, folder, port);

    public int Port { get; }

    /// <summary>What of it is resident, in MB.</summary>
    public double ResidentMegabytes
    {
        get
        {
            var line = File.ReadLines(
                $"/proc/{_process.Id}/status").First(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return double.Parse(line["VmRSS:".Length..].Replace("kB", string.Empty, StringComparison.Ordinal), CultureInfo.InvariantCulture)
                * 1024
                / 1e6;
        }
    }

    /// <summary>Whether it has ended by itself.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Starts one.</summary>
    /// <param name="assembly">Its <c>Netra.Pipeline.Server.dll</c>.</param>
    /// <param name="heapLimit">The most that its heap may have, in bytes; 0 for what there is.</param>
    public static async Task<StandaloneServer> StartAsync(string assembly, long heapLimit)
    {
        var folder = new TemporaryFolder();
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
            WorkingDirectory = Path.GetDirectoryName(assembly),
            ArgumentList = { assembly, "--urls=http://127.0.0.1:0" },
            Environment =
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["Netra__DataDirectory"] = folder.Path,
                ["Logging__LogLevel__Default"] = "Error",
                ["Logging__LogLevel__Microsoft.Hosting.Lifetime"] = "Information",
            },
        };
        if (heapLimit > 0)
        {
            start.Environment["DOTNET_GCHeapHardLimit"] = heapLimit.ToString("X", CultureInfo.InvariantCulture);
        }

        var process = Process.Start(start)!;
        var listening = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, output) =>
        {
            if (output.Data is { } line && line.IndexOf(ListeningMark, StringComparison.Ordinal) is >= 0 and var at)
            {
                listening.TrySetResult(int.Parse(line.AsSpan(at + ListeningMark.Length), CultureInfo.InvariantCulture));
            }
        };
        process.BeginOutputReadLine();
        return new StandaloneServer(process, folder, await listening.Task.WaitAsync(StartTimeout));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }
}
