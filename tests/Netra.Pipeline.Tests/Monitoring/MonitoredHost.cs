using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Monitoring;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring;

/// <summary>A whole pipeline with its monitoring on, in virtual time. Time passes second by second, and a canary that is on its way has come home before the next one.</summary>
internal sealed class MonitoredHost : IAsyncDisposable
{
    private MonitoredHost(PipelineHost pipeline, TestTimeProvider time) => (Pipeline, Time, Http) = (pipeline, time, pipeline.CreateClient());

    public PipelineHost Pipeline { get; }

    public TestTimeProvider Time { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => Pipeline.Services;

    public static async Task<MonitoredHost> StartAsync(
        Action<NetraPipelineBuilder>? configure = null, IEnumerable<(string Key, string Value)>? settings = null, KindOfLog log = KindOfLog.Memory)
    {
        var time = new TestTimeProvider();
        return new MonitoredHost(await PipelineHost.StartAsync(configure, [("Netra:Monitoring:Enabled", "true"), .. settings ?? []], time, log: log), time);
    }

    /// <summary>The background loop that a test makes hang.</summary>
    public string? HangingLoop { get; set; }

    /// <summary>Lets seconds pass.</summary>
    public async Task PassAsync(int seconds)
    {
        var (monitor, runs, canary) = (Services.GetRequiredService<PipelineMonitor>(), Services.GetRequiredService<QuietRuns>(), Services.GetRequiredService<Canary>());
        for (var i = 0; i < seconds; i++)
        {
            await Eventually.BecomesTrueAsync(() => !canary.IsUnderWay, "the canary came home");
            var (monitored, looked, canaries) = (monitor.Rounds, runs.Rounds, canary.Rounds);
            await Services.WhenGuardsLookedAsync(() => Time.Advance(ConnectionTick.Period));
            await Eventually.BecomesTrueAsync(() => monitor.Rounds > monitored && runs.Rounds > looked && canary.Rounds > canaries, "the tick came");
            await IsIdleAsync();
        }
    }

    /// <summary>Waits until a user's stream knows of an acknowledgement.</summary>
    public Task HearsAckAsync(string userId, long seq)
        => Eventually.BecomesTrueAsync(() => Pipeline.Streams.TryGetLoaded(userId, out var stream) && stream.IsAcknowledged(seq), "the acknowledgement came");

    // A round that is a moment late here would be one that takes minutes there.
    private Task IsIdleAsync()
        => Eventually.BecomesTrueAsync(() => Services.GetRequiredService<BackgroundWatch>().Loops.All(loop => !loop.IsUnderWay || loop.Loop == HangingLoop), "the rounds came back");

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Pipeline.DisposeAsync();
    }
}
