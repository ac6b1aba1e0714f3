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
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Telemetry;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// The pipeline's background loops: the tick that looks after connections, streams and the confirmation of critical events; retention; the webhook; alerts; failures that come in crowds; and what is done once a minute. A round that fails is reported and
/// the loop goes on; a loop that dies or hangs is reported too.
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
    BackgroundWatch watch,
    IEventLog log,
    FailureReporter failures,
    PeerLines lines,
    IOptions<StreamOptions> options,
    TimeProvider time) : IDisposable
{
    private static readonly TimeSpan UpkeepPeriod = TimeSpan.FromMinutes(1);

    // Far more than a round takes, and soon enough for those who wait for what it does.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    // What posts to others, or works off a backlog, may take longer.
    private static readonly TimeSpan LongPatience = TimeSpan.FromMinutes(15);

    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    public void Start()
        => _running = Task.WhenAll(
            LoopAsync("tick", ConnectionTick.Period, Patience, TickAsync),
            LoopAsync("failures", ConnectionTick.Period, Patience, TellFailures),
            LoopAsync("retention", ConnectionTick.Period, Patience, ExpireAsync),
            LoopAsync("monitor", ConnectionTick.Period, Patience, MonitorAsync),
            LoopAsync("runs", ConnectionTick.Period, Patience, runs.RoundAsync),
            LoopAsync("canary", ConnectionTick.Period, Patience, canary.RoundAsync),
            LoopAsync("remediation", ConnectionTick.Period, LongPatience, remedy.RoundAsync),
            LoopAsync("webhook", ConnectionTick.Period, LongPatience, webhook.RoundAsync),
            LoopAsync("upkeep", UpkeepPeriod, LongPatience, KeepUpAsync),
            ServeAsync(watch.Add("alerts", Timeout.InfiniteTimeSpan), alerts.RunAsync));

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        await delivery.StopAsync();
    }

    public void Dispose() => _stopping.Dispose();

    private Task LoopAsync(string name, TimeSpan period, TimeSpan patience, Func<CancellationToken, ValueTask> round)
    {
        var watched = watch.Add(name, patience);
        return ServeAsync(
            watched,
            async cancellationToken =>
            {
                using var timer = new PeriodicTimer(period, time);
                while (await timer.WaitForNextTickAsync(cancellationToken))
                {
                    watched.Begin();
                    try
                    {
                        await round(cancellationToken);
                    }
                    catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
                    {
                        // A cancellation that is not the host's is a failure like any other: something inside gave up.
                        watch.Report(name, "a round failed; the loop goes on", exception);
                    }
                    finally
                    {
                        watched.End();
                    }
                }
            });
    }

    private async Task ServeAsync(BackgroundRound watched, Func<CancellationToken, Task> loop)
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
            watched.OnLoopEnded();
            watch.Report(watched.Loop, "the loop has ended", exception);
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
        watch.OnTick();
        await streams.EvictIdleAsync(cancellationToken);
    }

    // A loop of its own: what the others wait for must not keep from operators what has failed.
    private ValueTask TellFailures(CancellationToken cancellationToken)
    {
        failures.TellDue();
        lines.TellDue();
        return ValueTask.CompletedTask;
    }

    // A loop of its own: what fails in the others must not blind it.
    private ValueTask MonitorAsync(CancellationToken cancellationToken)
    {
        watch.OnTick();
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
}
