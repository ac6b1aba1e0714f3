using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Monitoring.Flow;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring;

/// <summary>
/// A whole pipeline with its monitoring on, in virtual time. Time passes second by second; a canary that is on its way has come home before
/// the next one, and neither the thread pool nor the disk seems slow because time passes faster than they work.
/// </summary>
internal sealed class MonitoredHost : IAsyncDisposable
{
    // More than a commit of the log needs. After them time passes no faster than in life: what waits for the disk, or for a thread, would
    // seem to be ten times as slow.
    private const int QuickSteps = 100;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    private MonitoredHost(PipelineHost pipeline, TestTimeProvider time)
        => (Pipeline, Time, Http) = (pipeline, time, pipeline.CreateClient());

    public PipelineHost Pipeline { get; }

    public TestTimeProvider Time { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => Pipeline.Services;

    public static async Task<MonitoredHost> StartAsync(
        Action<NetraPipelineBuilder>? configure = null,
        IEnumerable<(string Key, string Value)>? settings = null,
        KindOfLog log = KindOfLog.Memory,
        TestTimeProvider? time = null)
    {
        time ??= new TestTimeProvider();
        return new MonitoredHost(
            await PipelineHost.StartAsync(
                pipeline =>
                {
                    // What other tests of this process need within a minute would be a leak of hours here.
                    pipeline.Services.AddSingleton<ResourceSampler>(static () => new ResourceSample(100 * 1024 * 1024, 0.1));
                    configure?.Invoke(pipeline);
                },
                [("Netra:Monitoring:Enabled", "true"), .. settings ?? []],
                time,
                log: log),
            time);
    }

    /// <summary>The background loop that a test makes hang.</summary>
    public string? HangingLoop { get; set; }

    /// <summary>Lets seconds pass.</summary>
    public async Task PassAsync(int seconds)
    {
        var (monitor, runs, canary) = (
            Services.GetRequiredService<PipelineMonitor>(),
            Services.GetRequiredService<QuietRuns>(),
            Services.GetRequiredService<Canary>());
        var (threads, log) = (Services.GetRequiredService<ThreadPoolProbe>(), Services.GetRequiredService<IEventLog>() as SqliteEventLog);
        for (var i = 0; i < seconds; i++)
        {
            await Eventually.BecomesTrueAsync(() => !canary.IsUnderWay, "the canary came home");
            var (monitored, looked, canaries) = (monitor.Rounds, runs.Rounds, canary.Rounds);
            await Services.WhenGuardsLookedAsync(() => Time.Advance(ConnectionTick.Period));
            await Eventually.BecomesTrueAsync(
                () => monitor.Rounds > monitored && runs.Rounds > looked && canary.Rounds > canaries, "the tick came");
            await IsIdleAsync();
            while (threads.IsUnderWay)
            {
                await Task.Yield();
            }

            await Eventually.BecomesTrueAsync(() => log is not { Open.Writer.IsAtWork: true }, "the disk answered");
        }
    }

    /// <summary>
    /// Lets time pass in small steps while something is under way that needs a moment of it, such as a commit of the log on disk.
    /// </summary>
    public static async Task<T> WhileTimePassesAsync<T>(TestTimeProvider time, Task<T> underWay)
    {
        await PassUntilAsync(time, underWay, QuickSteps);
        return await underWay;
    }

    /// <summary>Lets time pass while something ends, which may wait for all that others have time for.</summary>
    public static Task WhileTimePassesAsync(TestTimeProvider time, Task underWay) => PassUntilAsync(time, underWay, int.MaxValue);

    /// <summary>Waits until a user's stream knows of an acknowledgement.</summary>
    public Task HearsAckAsync(string userId, long seq)
        => Eventually.BecomesTrueAsync(
            () => Pipeline.Streams.TryGetLoaded(userId, out var stream) && stream.Stages.IsAcknowledged(seq), "the acknowledgement came");

    private static async Task PassUntilAsync(TestTimeProvider time, Task underWay, int quickSteps)
    {
        for (var steps = 0; !underWay.IsCompleted; steps++)
        {
            time.Advance(Step);
            var pause = steps < quickSteps ? TimeSpan.FromMilliseconds(1) : Step;
            await Task.WhenAny(underWay, Task.Delay(pause, TimeProvider.System));
        }

        await underWay;
    }

    // A round that is a moment late here would be one that takes minutes there.
    private Task IsIdleAsync()
        => Eventually.BecomesTrueAsync(
            () => Services.GetRequiredService<BackgroundWatch>().Loops.All(loop => !loop.IsUnderWay || loop.Loop == HangingLoop),
            "the rounds came back");

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();

        // Goodbyes and the log's last commit have their times.
        await WhileTimePassesAsync(Time, Pipeline.DisposeAsync().AsTask());
    }
}
