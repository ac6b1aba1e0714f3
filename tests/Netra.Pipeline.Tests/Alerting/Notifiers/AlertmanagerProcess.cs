using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Alerting.Notifiers;

/// <summary>
/// Debian's Alertmanager as a process of its own, on a port of the kernel's choice, with a webhook receiver. Disposing kills it.
/// </summary>
internal sealed partial class AlertmanagerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _folder;
    private readonly HttpClient _client = new();

    private AlertmanagerProcess(Process process, DirectoryInfo folder) => (_process, _folder) = (process, folder);

    public Uri Address { get; private set; } = null!;

    /// <summary>Starts it.</summary>
    /// <param name="receiver">Gets the groups, which are made by rule.</param>
    public static async Task<AlertmanagerProcess> StartAsync(Uri receiver)
    {
        var folder = Directory.CreateTempSubdirectory("netra-alertmanager-");
        var configuration = Path.Combine(folder.FullName, "alertmanager.yml");
        await File.WriteAllTextAsync(configuration, $"""
            route:
              receiver: hook
              group_by: [alertname]
              group_wait: 50ms
              group_interval: 200ms
              repeat_interval: 1h
            receivers:
            - name: hook
              webhook_configs:
              - url: {receiver}
                send_resolved: true

            """);
        var process = Process.Start(new ProcessStartInfo(
            "prometheus-alertmanager",
            [
                $"--config.file={configuration}",
                $"--storage.path={folder.FullName}",
                "--web.listen-address=127.0.0.1:0",
                "--cluster.listen-address=",
            ])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        })!;
        var alertmanager = new AlertmanagerProcess(process, folder);
        alertmanager.Address = await alertmanager.ListeningAsync();
        return alertmanager;
    }

    /// <summary>What its API answers.</summary>
    public async Task<JsonElement> GetAsync(string path)
    {
        using var patience = new CancellationTokenSource(TestClient.Patience);
        return await _client.GetFromJsonAsync<JsonElement>(new Uri(Address, path), patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        using var patience = new CancellationTokenSource(TestClient.Patience);
        await _process.WaitForExitAsync(patience.Token);
        _process.Dispose();
        _client.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task<Uri> ListeningAsync()
    {
        using var patience = new CancellationTokenSource(TestClient.Patience);
        var port = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var output = new Queue<string>();
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { } text && Listening().Match(text) is { Success: true } match)
            {
                port.TrySetResult(int.Parse(match.Groups["port"].Value, System.Globalization.CultureInfo.InvariantCulture));
            }

            lock (output)
            {
                output.Enqueue(line.Data ?? "it has ended");
                if (output.Count > 50)
                {
                    output.Dequeue();
                }
            }
        };
        _process.BeginErrorReadLine();
        try
        {
            return new Uri($"http://127.0.0.1:{await port.Task.WaitAsync(patience.Token)}");
        }
        catch (OperationCanceledException exception)
        {
            lock (output)
            {
                throw new AssertionException($"Alertmanager has not said where it listens:\n{string.Join('\n', output)}", exception);
            }
        }
    }

    [GeneratedRegex(@"Listening on"" address=127\.0\.0\.1:(?<port>\d+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Listening();
}
