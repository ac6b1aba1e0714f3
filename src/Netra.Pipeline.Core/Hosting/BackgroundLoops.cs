using Microsoft.Extensions.Options;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Commands;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// The pipeline's background loops, each for one task: connections; the retries of critical events; the ledger and the delivery trail;
/// eviction; retention; the webhook; the summaries of repeated failures; tasks of once a minute; and those of the modules. A round that
/// fails is reported and the loop continues; a loop that ends or hangs is reported too.
/// </summary>
/// <remarks>
/// A loop that guards others is an <see cref="Action"/>, which cannot wait: while the log takes minutes to store, pages are still pinged
/// and read, and retries and the ledger continue. Work that needs the log waits for it in a loop of its own.
/// </remarks>
internal sealed class BackgroundLoops(
    ConnectionTick connections,
    StreamRegistry streams,
    CriticalDelivery delivery,
    WebhookOutbox webhook,
    DeadLetterRetention letters,
    InterruptedRuns interrupted,
    Ledger ledger,
    QuietRuns runs,
    ResumableRuns resumable,
    CommandUpkeep commands,
    HandOverWatch handOver,
    UserErasure erasure,
    IEnumerable<PipelineModule> modules,
    BackgroundWatch watch,
    IEventLog log,
    FailureReporter failures,
    PeerLog lines,
    IOptions<StreamOptions> options,
    TimeProvider time) : IDisposable
{
    /// <summary>How long a round may take: far more than it does, and soon enough for callers that wait for its work.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>How long a round may take that posts to other systems, or works off a backlog.</summary>
    public static readonly TimeSpan LongPatience = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan UpkeepPeriod = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _stopping = new();
    private Task _retries = Task.CompletedTask;
    private Task _running = Task.CompletedTask;

    public void Start()
    {
        // All are made before the first one runs: what cannot be made leaves nothing running.
        BackgroundLoop[] loops = [.. Loops(), .. modules.SelectMany(static module => module.Loops())];
        _retries = RunAsync(BackgroundLoop.Guard("retries", delivery.OnTick));
        _running = Task.WhenAll([_retries, .. loops.Select(RunAsync)]);
    }

    /// <summary>Ends the loops and waits for them. It throws nothing, so that a caller that cannot wait may leave it.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_running, StopDeliveryAsync());
    }

    public void Dispose() => _stopping.Dispose();

    // After its own loop has ended; another loop that hangs does not hold it up.
    private async Task StopDeliveryAsync()
    {
        await _retries;
        try
        {
            await delivery.StopAsync();
        }
        catch (Exception exception)
        {
            watch.Report("retries", "it could not be stopped", exception);
        }
    }

    private IEnumerable<BackgroundLoop> Loops() =>
    [
        BackgroundLoop.Guard("tick", Tick),
        BackgroundLoop.Guard("failures", TellFailures),
        BackgroundLoop.Guard("ledger", ledger.Check),
        BackgroundLoop.Guard("audit", Audit),
        BackgroundLoop.Guard("windows", streams.TrimWindows),
        BackgroundLoop.Waiting("eviction", streams.EvictIdleAsync, LongPatience),
        BackgroundLoop.Waiting("retention", ExpireAsync),
        BackgroundLoop.Waiting("runs", runs.RoundAsync),
        BackgroundLoop.Waiting("resumable", resumable.RoundAsync),
        BackgroundLoop.Waiting("commands", commands.RoundAsync),
        BackgroundLoop.Waiting("hand-over", handOver.RoundAsync),
        BackgroundLoop.Waiting("erasure", erasure.RoundAsync, LongPatience),
        BackgroundLoop.Waiting("webhook", webhook.RoundAsync, LongPatience),
        BackgroundLoop.Waiting("upkeep", KeepUpAsync, LongPatience, UpkeepPeriod),
    ];

    private Task RunAsync(BackgroundLoop loop)
    {
        var watched = watch.Add(loop.Name, loop.Patience, loop.WaitsForLog);
        return ServeAsync(watched, loop.Run ?? (cancellationToken => RepeatAsync(loop, watched, cancellationToken)));
    }

    private async Task RepeatAsync(BackgroundLoop loop, BackgroundRound watched, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(loop.Period ?? ConnectionTick.Period, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            watched.Begin();
            try
            {
                await loop.Round!(cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                // A cancellation that is not the host's is a failure like any other: an operation inside gave up.
                if (!watched.WaitsForLog || !IsOfTheLog(exception))
                {
                    watch.Report(loop.Name, "a round failed; the loop goes on", exception);
                }
            }
            finally
            {
                watched.End();
            }
        }
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

    // The log has reported it itself; while it stores nothing, there is nothing else to report.
    private bool IsOfTheLog(Exception exception) => log.Trouble is not null
        || exception is PipelineException { Code: FailureCode.LogFailed }
        || (exception is AggregateException { InnerExceptions: var inner } && inner.All(IsOfTheLog));

    private void Tick()
    {
        connections.OnTick();
        LookAtLoops();
    }

    // It checks the loops too, so that a failure of the tick does not leave them unwatched.
    private void TellFailures()
    {
        failures.TellDue();
        lines.TellDue();
        LookAtLoops();
    }

    private void LookAtLoops() => watch.OnTick(log.Trouble is not null);

    private void Audit()
    {
        var now = time.GetUtcNow();
        foreach (var stream in streams.Loaded)
        {
            stream.Audit.Record(now);
        }
    }

    private async ValueTask ExpireAsync(CancellationToken cancellationToken)
    {
        foreach (var expired in await log.ExpireAsync(time.GetUtcNow() - options.Value.Retention, cancellationToken))
        {
            // The startup verification's events belong to no user.
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
