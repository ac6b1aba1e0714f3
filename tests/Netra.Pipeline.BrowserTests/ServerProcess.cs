using System.Collections.Concurrent;
using System.Diagnostics;

namespace Netra.Pipeline.BrowserTests;

/// <summary>The real server as a process of its own, on a port that it can have again.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string ListeningMark = "Now listening on: ";
    private const int MaxLogLines = 500;
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(string dataDirectory, string url, IEnumerable<string> settings)
    {
        _process = new Process
        {
            EnableRaisingEvents = true,
            StartInfo = new ProcessStartInfo("dotnet")
            {
                ArgumentList = { RepositoryPaths.Server, "--urls", url, "--Netra:DataDirectory", dataDirectory },
                Environment = { ["ASPNETCORE_ENVIRONMENT"] = "Development" },
                // Where appsettings.json is, and not where the tests happen to be started.
                WorkingDirectory = Path.GetDirectoryName(RepositoryPaths.Server)!,
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        foreach (var setting in settings)
        {
            _process.StartInfo.ArgumentList.Add($"--{setting}");
        }

        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
        _process.Exited += (_, _) => _listening.TrySetException(new InvalidOperationException($"The server has ended:\n{Log}"));
    }

    /// <summary>Where the server listens.</summary>
    public Uri Address => _listening.Task.GetAwaiter().GetResult();

    /// <summary>The last lines the server has written.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>Starts a server and waits until it listens.</summary>
    /// <param name="dataDirectory">Where it keeps its data.</param>
    /// <param name="address">Where it listens; on a free port, that it can have again, when null.</param>
    /// <param name="settings">Configuration, such as <c>Netra:WebSockets:Path=/elsewhere</c>.</param>
    public static async Task<ServerProcess> StartAsync(string dataDirectory, Uri? address = null, params IReadOnlyList<string> settings)
    {
        if (!File.Exists(RepositoryPaths.Server))
        {
            throw new FileNotFoundException("The server is not built where these tests look for it.", RepositoryPaths.Server);
        }

        var url = address?.GetLeftPart(UriPartial.Authority) ?? $"http://127.0.0.1:{FreePort.Find()}";
        var server = new ServerProcess(dataDirectory, url, settings);
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        try
        {
            await server._listening.Task.WaitAsync(StartTimeout, TimeProvider.System);
            return server;
        }
        catch (TimeoutException exception)
        {
            await server.DisposeAsync();
            throw new TimeoutException(
                $"The server has not said within {StartTimeout.TotalSeconds} s where it listens:\n{server.Log}", exception);
        }
    }

    /// <summary>Waits until the server has written a line with this in it.</summary>
    public async Task WaitForLogAsync(string text)
    {
        using var patience = new CancellationTokenSource(StartTimeout);
        while (!Log.Contains(text, StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
    }

    /// <summary>Runs a command of the server's program, beside a server or without one, and returns what it writes.</summary>
    public static async Task<string> RunAsync(string dataDirectory, params IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(
            "dotnet", [RepositoryPaths.Server, .. arguments, $"--Netra:DataDirectory={dataDirectory}"])
        {
            WorkingDirectory = Path.GetDirectoryName(RepositoryPaths.Server)!,
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"The command has ended with {process.ExitCode}.");
    }

    /// <summary>Ends the process at once, as a crash would.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            return;
        }

        _log.Enqueue(line);
        if (_log.Count > MaxLogLines)
        {
            _log.TryDequeue(out _);
        }

        var mark = line.IndexOf(ListeningMark, StringComparison.Ordinal);
        if (mark >= 0)
        {
            _listening.TrySetResult(ReadAddress(line[(mark + ListeningMark.Length)..]));
        }
    }

    // A JSON log goes on after the address: {"Message":"Now listening on: http://127.0.0.1:5080","State":…
    private static Uri ReadAddress(string text)
    {
        var end = text.AsSpan().IndexOfAny(" \",\\");
        return new Uri(end < 0 ? text : text[..end]);
    }
}
