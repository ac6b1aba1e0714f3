using System.Diagnostics;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server.Telemetry;

/// <summary>
/// Somebody else's OTLP receiver: a Node process that decodes what comes with the official protocol definitions (tests/otlp-receiver). It
/// ends with its input, so with this process too. Safe from any thread.
/// </summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Lock _gate = new();
    private readonly List<JsonElement> _lines = [];
    private readonly TaskCompletionSource<int> _port = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OtlpReceiver(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
    }

    public Uri Address { get; private set; } = null!;

    /// <summary>Every request so far.</summary>
    public IReadOnlyList<JsonElement> Requests
    {
        get
        {
            lock (_gate)
            {
                return [.. _lines];
            }
        }
    }

    /// <param name="status">The status of every answer; 0 takes what comes.</param>
    public static async Task<OtlpReceiver> StartAsync(int status = 0)
    {
        var folder = Repository.PathOf("tests/otlp-receiver");
        await InstallAsync(folder);
        var process = new Process
        {
            StartInfo = new ProcessStartInfo("node")
            {
                ArgumentList = { "receiver.js" },
                Environment = { ["NETRA_OTLP_STATUS"] = $"{status}" },
                WorkingDirectory = folder,
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            },
        };
        var receiver = new OtlpReceiver(process);
        process.Start();
        process.BeginOutputReadLine();
        receiver.Address = new Uri($"http://127.0.0.1:{await receiver._port.Task.WaitAsync(TestClient.Patience, TimeProvider.System)}");
        return receiver;
    }

    /// <summary>All of one kind that has come: the <c>spans</c>, <c>metrics</c> or <c>logRecords</c>.</summary>
    public List<OtlpItem> Items(string signal)
    {
        var (resources, scopes, items) = signal switch
        {
            "traces" => ("resourceSpans", "scopeSpans", "spans"),
            "metrics" => ("resourceMetrics", "scopeMetrics", "metrics"),
            "logs" => ("resourceLogs", "scopeLogs", "logRecords"),
            _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "not a signal"),
        };
        return [.. from request in Requests
                   where request.TryGetProperty("signal", out var name) && name.GetString() == signal
                   from resource in request.GetProperty("body").GetProperty(resources).EnumerateArray()
                   from scope in resource.GetProperty(scopes).EnumerateArray()
                   from item in scope.GetProperty(items).EnumerateArray()
                   select new OtlpItem(
                       resource.GetProperty("resource"), scope.GetProperty("scope").GetProperty("name").GetString()!, item)];
    }

    /// <summary>Nothing more is to come: completes when all that it has taken, and answered, is in <see cref="Requests"/>.</summary>
    public async Task EndAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TestClient.Patience);
        await _process.WaitForExitAsync(patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _process.Dispose();
    }

    // The test command does it before; whoever runs this test alone needs it here.
    private static async Task InstallAsync(string folder)
    {
        if (Directory.Exists(Path.Combine(folder, "node_modules", "@opentelemetry")))
        {
            return;
        }

        using var npm = Process.Start(new ProcessStartInfo("npm")
        {
            ArgumentList = { "ci", "--no-audit", "--no-fund", "--silent" },
            WorkingDirectory = folder,
            UseShellExecute = false,
        })!;
        await npm.WaitForExitAsync();
        Assert.That(npm.ExitCode, Is.Zero, "npm ci in tests/otlp-receiver");
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        var json = JsonElement.Parse(line);
        if (json.TryGetProperty("port", out var port))
        {
            _port.TrySetResult(port.GetInt32());
            return;
        }

        lock (_gate)
        {
            _lines.Add(json);
        }
    }
}
