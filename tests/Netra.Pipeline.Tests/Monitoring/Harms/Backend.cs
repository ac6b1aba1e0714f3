namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>
/// A backend that works on one run: it says <c>heartbeat</c> at intervals, and waits for each answer as long as it takes.
/// Disposing ends the run as it should end.
/// </summary>
internal sealed class Backend : IAsyncDisposable
{
    private readonly HarmBench _bench;
    private readonly CancellationTokenSource _over = new();
    private readonly string _userId;
    private readonly string _runId;
    private Task _beating = Task.CompletedTask;

    private Backend(HarmBench bench, string userId, string runId) => (_bench, _userId, _runId) = (bench, userId, runId);

    public static async Task<Backend> StartAsync(HarmBench bench, string userId, string runId, TimeSpan interval)
    {
        var backend = new Backend(bench, userId, runId);
        await bench.BeginRunAsync(userId, runId);
        backend._beating = backend.BeatAsync(interval);
        return backend;
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _beating;
        await _bench.EndRunAsync(_userId, _runId);
        _over.Dispose();
    }

    private async Task BeatAsync(TimeSpan interval)
    {
        try
        {
            while (!_over.IsCancellationRequested)
            {
                await _bench.SignAsync(_userId, _runId, "heartbeat");
                await Task.Delay(interval, TimeProvider.System, _over.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is to end.
        }
        catch (AssertionException exception)
        {
            _bench.Complain(exception.Message);
        }
    }
}
