using System.Collections.Concurrent;
using System.Globalization;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>
/// A page that is told something every 4 ms, by a request of many events: how late it comes in calm, and while something goes on. Time in
/// which something waits for a processor is taken off, so that the server's own queues and locks are measured. One task at a time.
/// </summary>
internal sealed class PaceWatch : IAsyncDisposable
{
    private const string UserId = "pace";
    private const string RunId = "r1";
    private const double Factor = 3;
    private const int MostTimes = 3;

    // Below this nothing counts as late: timers of a machine with other work are no steadier.
    private static readonly TimeSpan Floor = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(4);

    private readonly ConcurrentDictionary<string, FairStopwatch> _onTheWay = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<TimeSpan> _times = new();
    private readonly List<TimeSpan> _calm = [];
    private readonly HarmBench _bench;
    private readonly HealthyPage _page;
    private readonly RunLines _lines;
    private int _said;

    private PaceWatch(HarmBench bench, HealthyPage page, RunLines lines) => (_bench, _page, _lines) = (bench, page, lines);

    public static async Task<PaceWatch> OpenAsync(HarmBench bench)
    {
        var watch = new PaceWatch(bench, await bench.OpenAsync(UserId), await RunLines.OpenAsync(bench));
        watch._page.OnFirst = watch.OnEvent;
        await watch._lines.SendAsync(UserId, RunId, "agent_started", """{"agent_name":"demo"}""");

        // What is compiled at first use is not to be measured.
        await watch.MeasureAsync(HarmBench.PassAsync(TimeSpan.FromSeconds(0.3)));
        return watch;
    }

    /// <summary>Measures how late it is while nothing goes on.</summary>
    public async Task CalmAsync(TimeSpan length) => _calm.AddRange(await MeasureAsync(HarmBench.PassAsync(length)));

    /// <summary>
    /// Holds what is late while something goes on against the calm around it. Where it is too late it goes on once more: what the server
    /// does to a page it does each time, what else runs on the machine does not.
    /// </summary>
    public async Task<T> DuringAsync<T>(string what, Func<Task<T>> situation)
    {
        for (var time = 1; ; time++)
        {
            var length = TimeSpan.FromSeconds(HarmBench.Either(0.2, 5));
            await CalmAsync(length);
            var going = Task.Run(situation);
            var during = P99(await MeasureAsync(going));
            await CalmAsync(length);
            var calm = P99(_calm);
            var most = Factor * calm > Floor ? Factor * calm : Floor;
            _bench.Figure($"{what}: p99 {during.TotalMilliseconds:F1} ms, {calm.TotalMilliseconds:F1} ms in calm");
            if (during > most && time < MostTimes)
            {
                await going;
                continue;
            }

            _bench.Expect(
                during <= most,
                $"{what}: p99 of a page that was there is {during.TotalMilliseconds:F1} ms; {most.TotalMilliseconds:F1} ms are allowed "
                + $"({calm.TotalMilliseconds:F1} ms in calm), {MostTimes} times one after the other");
            return await going;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _lines.SendAsync(UserId, RunId, "agent_completed", """{"agent_name":"demo"}""");
        await _lines.ReadAllAsync();
        await _lines.DisposeAsync();
    }

    private async Task<List<TimeSpan>> MeasureAsync(Task goingOn)
    {
        do
        {
            var name = (++_said).ToString(CultureInfo.InvariantCulture);
            _onTheWay[name] = FairStopwatch.Start();
            await _lines.SendAsync(UserId, RunId, "token", $$"""{"delta":"{{name}}"}""");
            await Task.Delay(Pause, TimeProvider.System);
        }
        while (!goingOn.IsCompleted);

        await _lines.ReadAllAsync();
        await _page.WhenAsync(() => _onTheWay.IsEmpty, TestClient.Patience, "all that was said has come");
        var times = new List<TimeSpan>();
        while (_times.TryDequeue(out var time))
        {
            times.Add(time);
        }

        return times;
    }

    private void OnEvent(EventMessage message)
    {
        if (message.Data.TryGetProperty("delta", out var delta) && _onTheWay.TryRemove(delta.GetString()!, out var watch))
        {
            _times.Enqueue(watch.Fair);
        }
    }

    // Of fewer than a hundred times, which is what a short run has, one moment of the machine's is no percentile.
    private static TimeSpan P99(List<TimeSpan> times) => times.Order().ElementAt((int)((times.Count - 1) * 0.99));
}
