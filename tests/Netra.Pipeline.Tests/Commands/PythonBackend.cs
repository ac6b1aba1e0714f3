using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Commands;

/// <summary>The backend of tests/publishers/run_with_commands.py, as a process of its own. Disposing kills it.</summary>
internal sealed class PythonBackend : IDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<JsonElement> _lines = new();
    private readonly ConcurrentQueue<string> _errors = new();

    private PythonBackend(Process process) => _process = process;

    public static PythonBackend Start(int port, string run, params string[] more)
    {
        var start = new ProcessStartInfo("python3")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments =
            [Repository.PathOf("tests/publishers/run_with_commands.py"), $"{port}", "ada", "t1", run, .. more];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var backend = new PythonBackend(new Process { StartInfo = start });
        backend._process.OutputDataReceived += (_, line) => backend.Keep(line.Data);
        backend._process.ErrorDataReceived += (_, line) => backend._errors.Enqueue(line.Data ?? string.Empty);
        backend._process.Start();
        backend._process.BeginOutputReadLine();
        backend._process.BeginErrorReadLine();
        return backend;
    }

    /// <summary>The commands that it has seen.</summary>
    public IReadOnlyList<JsonElement> Commands => [.. _lines.Where(static line => line.TryGetProperty("command", out _))];

    /// <summary>Waits for its next command of a kind.</summary>
    public async Task<JsonElement> SeesAsync(string command)
    {
        await Eventually.BecomesTrueAsync(
            () => Commands.Any(seen => seen.Text("command") == command),
            $"the backend saw {command}; it wrote:\n{string.Join('\n', _errors)}");
        return Commands.First(seen => seen.Text("command") == command);
    }

    /// <summary>Waits until it has ended by itself.</summary>
    public async Task<int> WhenExitedAsync()
    {
        using var patience = new CancellationTokenSource(TestClient.Patience);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is { Length: > 0 })
        {
            _lines.Enqueue(JsonElement.Parse(line));
        }
    }
}
