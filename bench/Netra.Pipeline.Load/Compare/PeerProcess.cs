using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Load.Compare;

/// <summary>A peer that runs, on a port of its own.</summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);
    private readonly Process _process;

    private PeerProcess(Process process, LoadTarget target) => (_process, Target) = (process, target);

    /// <summary>Its process.</summary>
    public int Id => _process.Id;

    /// <summary>Where it is.</summary>
    public LoadTarget Target { get; }

    /// <summary>Starts it, and waits until it takes connections.</summary>
    /// <exception cref="LoadFailedException">It has not started.</exception>
    public static async Task<PeerProcess> StartAsync(Peer peer, Workload workload, CancellationToken cancellationToken)
    {
        var port = FreePort.Find();
        var start = new ProcessStartInfo(peer.Command[0]) { UseShellExecute = false, RedirectStandardError = true };
        start.Environment.Remove(InlineCompletions.Variable);
        foreach (var argument in peer.Command.Skip(1).Concat(
            [
                "--port", port.ToString(CultureInfo.InvariantCulture),
                "--events", workload.Events.ToString(CultureInfo.InvariantCulture),
                "--interval-ms", workload.IntervalMs.ToString(CultureInfo.InvariantCulture),
            ]))
        {
            start.ArgumentList.Add(argument);
        }

        var process = Start(peer, start);
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { Length: > 0 } text)
            {
                Console.Error.WriteLine($"{peer.Name}: {text}");
            }
        };
        process.BeginErrorReadLine();
        var started = new PeerProcess(process, new LoadTarget(new Uri($"http://127.0.0.1:{port}/"), peer.Protocol));
        try
        {
            await started.WaitAsync(peer, cancellationToken);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // Its own way of stopping first, so that what it made is deleted.
            using var kill = Process.Start("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]);
            using var timeout = new CancellationTokenSource(StopTimeout, TimeProvider.System);
            try
            {
                await _process.WaitForExitAsync(timeout.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
                await _process.WaitForExitAsync(CancellationToken.None);
            }
        }

        _process.Dispose();
    }

    private static Process Start(Peer peer, ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new LoadFailedException($"{peer.Name}: {peer.Command[0]} has not started");
        }
        catch (Win32Exception exception)
        {
            throw new LoadFailedException($"{peer.Name}: {peer.Command[0]} cannot be started: {exception.Message}", exception);
        }
    }

    private async Task WaitAsync(Peer peer, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var begun = MonotonicClock.Now;
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(Target.Url, cancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (!_process.HasExited)
            {
                // It does not listen yet.
            }
            catch (HttpRequestException exception)
            {
                throw new LoadFailedException($"{peer.Name} has ended with {_process.ExitCode} instead of listening", exception);
            }

            if (MonotonicClock.Since(begun) > StartTimeout)
            {
                throw new LoadFailedException($"{peer.Name} takes no connections after {StartTimeout.TotalSeconds} s");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellationToken);
        }
    }
}
