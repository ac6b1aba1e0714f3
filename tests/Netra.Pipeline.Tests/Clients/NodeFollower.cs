using System.Diagnostics;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Clients;

/// <summary>
/// The TypeScript client as it is built, in Node: what it is told, as lines of JSON (src/web/client/test/follow.js). It ends with its
/// input, so with this process too. Safe from any thread.
/// </summary>
internal sealed class NodeFollower : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Lock _gate = new();
    private readonly List<JsonElement> _lines = [];
    private readonly List<string> _errors = [];

    private NodeFollower(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => KeepError(line.Data);
    }

    /// <summary>What it wrote to its error stream; nothing, if all went well.</summary>
    public string Errors
    {
        get
        {
            lock (_gate)
            {
                return string.Join('\n', _errors);
            }
        }
    }

    /// <summary>Begins to follow a user.</summary>
    public static NodeFollower Start(Uri address, string userId)
    {
        var process = Create("test/follow.js", address.ToString(), userId);
        var follower = new NodeFollower(process);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return follower;
    }

    /// <summary>Runs another program on the client, which ends by itself.</summary>
    /// <returns>How it ended, and what it printed.</returns>
    public static async Task<(int ExitCode, string Printed)> RunAsync(string program, params string[] arguments)
    {
        using var process = Create([program, .. arguments]);
        process.Start();
        var printed = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(TestClient.Patience);
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, (await printed + await errors).Trim());
    }

    /// <summary>Everything of one kind that it was told so far.</summary>
    public List<JsonElement> Told(string kind)
    {
        lock (_gate)
        {
            return [.. _lines.Where(line => line.TryGetProperty(kind, out _)).Select(line => line.GetProperty(kind))];
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TestClient.Patience);
        await _process.WaitForExitAsync(patience.Token);
        _process.Dispose();
    }

    private static Process Create(params string[] arguments)
    {
        var folder = Repository.PathOf("src/web/client");
        Assert.That(Path.Combine(folder, "dist", "index.js"), Does.Exist, "build the TypeScript client first (npm ci && npm run build)");
        return new Process
        {
            StartInfo = new ProcessStartInfo("node", arguments)
            {
                WorkingDirectory = folder,
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            var element = JsonElement.Parse(line);
            lock (_gate)
            {
                _lines.Add(element);
            }
        }
    }

    private void KeepError(string? line)
    {
        if (line is not null)
        {
            lock (_gate)
            {
                _errors.Add(line);
            }
        }
    }
}
