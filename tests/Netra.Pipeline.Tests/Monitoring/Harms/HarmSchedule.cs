using System.Net.Sockets;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>
/// Runs rows beside each other, since most of the time of each is waiting: a few ahead of the one that is asked for. Rows that need the
/// machine for themselves get it. One caller at a time.
/// </summary>
internal sealed class HarmSchedule(IReadOnlyList<Harm> rows, int lanes) : IAsyncDisposable
{
    private readonly Dictionary<Harm, Task<HarmReport>> _started = [];
    private readonly SemaphoreSlim _free = new(lanes, lanes);
    private readonly SemaphoreSlim _order = new(1, 1);
    private readonly CancellationTokenSource _over = new();

    public Task<HarmReport> ResultOfAsync(Harm harm)
    {
        var index = rows.TakeWhile(row => row != harm).Count();
        foreach (var row in rows.Skip(index).Take(lanes * 2))
        {
            if (!_started.ContainsKey(row))
            {
                _started[row] = RunInLaneAsync(row);
            }
        }

        return _started[harm];
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await Task.WhenAll(
            _started.Values.Select(static task => task.ContinueWith(static done => _ = done.Exception, TaskScheduler.Default)));
        _free.Dispose();
        _order.Dispose();
        _over.Dispose();
    }

    private async Task<HarmReport> RunInLaneAsync(Harm row)
    {
        var needs = row.IsAlone ? lanes : 1;
        await _order.WaitAsync(_over.Token);
        for (var i = 0; i < needs; i++)
        {
            await _free.WaitAsync(_over.Token);
        }

        _order.Release();
        try
        {
            return await RunAsync(row);
        }
        finally
        {
            _free.Release(needs);
        }
    }

    private static async Task<HarmReport> RunAsync(Harm row)
    {
        var began = TimeProvider.System.GetTimestamp();
        HarmReport report;
        try
        {
            report = await (row.HappensInVirtualTime is null ? RunInProcessAsync(row) : RunInVirtualTimeAsync(row));
        }
        catch (Exception exception) when (exception is not IgnoreException)
        {
            report = new HarmReport(row, [$"it could not be judged: {exception.GetType().Name}: {exception.Message}"], []);
        }

        return report with { Figures = [.. report.Figures, $"{TimeProvider.System.GetElapsedTime(began).TotalSeconds:F0} s"] };
    }

    private static async Task<HarmReport> RunInProcessAsync(Harm row)
    {
        await using var bench = await HarmBench.StartAsync(row);
        try
        {
            await row.Happens!(bench);
        }
        catch (Exception exception) when (exception is AssertionException or HttpRequestException or IOException or SocketException)
        {
            bench.Complain(exception.Message);
        }

        return await bench.JudgeAsync();
    }

    private static async Task<HarmReport> RunInVirtualTimeAsync(Harm row)
    {
        await using var bench = await VirtualBench.StartAsync(row);
        await row.HappensInVirtualTime!(bench);
        return bench.Judge();
    }
}
