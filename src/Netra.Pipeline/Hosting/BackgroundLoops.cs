using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Log;
using Netra.Pipeline.Monitoring;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Remedies;
using Netra.Pipeline.Monitoring.Runs;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// The pipeline's background loops: the tick that looks after connections, streams and the confirmation of critical events; retention; the webhook; alerts; and what is done once a minute. A round that fails is reported and
/// the loop goes on; a loop that dies is reported too.
/// </summary>
internal sealed class BackgroundLoops(
    ConnectionTick connections,
    StreamRegistry streams,
    CriticalDelivery delivery,
    WebhookOutbox webhook,
    DeadLetterRetention letters,
    InterruptedRuns interrupted,
    Ledger ledger,
    PipelineMonitor monitor,
    QuietRuns runs,
    Canary canary,
    BridgeRemedy remedy,
    AlertCenter alerts,
    IEventLog log,
    FailureReporter failures,
    IOptions<StreamOptions> options,
    TimeProvider time) : IDisposable
{
    private static readonly TimeSpan UpkeepPeriod = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    public void Start()
        => _running = Task.WhenAll(
            LoopAsync("tick", ConnectionTick.Period, TickAsync),
            LoopAsync("retention", ConnectionTick.Period, ExpireAsync),
            LoopAsync("monitor", ConnectionTick.Period, MonitorAsync),
            LoopAsync("runs", ConnectionTick.Period, runs.RoundAsync),
            LoopAsync("canary", ConnectionTick.Period, canary.RoundAsync),
            LoopAsync("remediation", ConnectionTick.Period, remedy.RoundAsync),
            LoopAsync("webhook", ConnectionTick.Period, webhook.RoundAsync),
            LoopAsync("upkeep", UpkeepPeriod, KeepUpAsync),
            ServeAsync("alerts", alerts.RunAsync));

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        await delivery.StopAsync();
    }

    public void Dispose() => _stopping.Dispose();

    private Task LoopAsync(string name, TimeSpan period, Func<CancellationToken, ValueTask> round) => ServeAsync(
        name,
        async cancellationToken =>
        {
            using var timer = new PeriodicTimer(period, time);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                try
                {
                    await round(cancellationToken);
                }
                catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
                {
                    // A cancellation that is not the host's is a failure like any other: something inside gave up.
                    Report(name, "a round failed; the loop goes on", exception);
                }
            }
        });

    private async Task ServeAsync(string name, Func<CancellationToken, Task> loop)
    {
        try
        {
            await loop(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The host stops.
        }
        catch (Exception exception)
        {
            Report(name, "the loop has ended", exception);
        }
    }

    private async ValueTask TickAsync(CancellationToken cancellationToken)
    {
        connections.OnTick();
        delivery.OnTick();
        var now = time.GetUtcNow();
        foreach (var stream in streams.Loaded)
        {
            stream.Audit(now);
        }

        ledger.Check();
        await streams.EvictIdleAsync(cancellationToken);
    }

    // A loop of its own: what fails in the others must not blind it.
    private ValueTask MonitorAsync(CancellationToken cancellationToken)
    {
        monitor.OnTick();
        return ValueTask.CompletedTask;
    }

    private async ValueTask ExpireAsync(CancellationToken cancellationToken)
    {
        foreach (var expired in await log.ExpireAsync(time.GetUtcNow() - options.Value.Retention, cancellationToken))
        {
            // The verification's events concern nobody.
            if (expired.Unacknowledged > 0 && !IdentifierRules.IsReserved(expired.UserId))
            {
                streams.Counters.OnExpired(expired.Lost);
                var scope = new FailureScope("retention", expired.UserId);
                failures.Report(new EventDroppedException(scope, expired.Range.From, expired.Range.To, GapCause.Expired));
            }
        }
    }

    private async ValueTask KeepUpAsync(CancellationToken cancellationToken)
    {
        await interrupted.EndAsync(cancellationToken);
        await letters.RoundAsync(cancellationToken);
    }

    private void Report(string name, string what, Exception exception)
        => failures.Report(new Failure(FailureCode.BackgroundFailed, name, $"Background loop '{name}': {what}: {exception.Message}") { Exception = exception });
}
