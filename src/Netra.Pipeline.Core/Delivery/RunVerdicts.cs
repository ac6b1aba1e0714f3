using System.Collections.Concurrent;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Delivery;

/// <summary>
/// Publishes what quiet runs call for: <c>agent_stalled</c>, or the <c>agent_failed</c> that ends one. Many go out at a time, beside the
/// round that found them; the streams of absent users are let go once their event is stored.
/// </summary>
/// <remarks>Called by the loop of <see cref="QuietRuns"/>; what was called stalled may be read from any thread.</remarks>
internal sealed class RunVerdicts(
    RunRegistry registry,
    RunLimits limits,
    RunClock clock,
    UserExecutionContextFactory contexts,
    EventEmitterFactory emitters,
    StreamRegistry streams,
    FailureReporter failures,
    TimeProvider time)
{
    // Enough that a commit of the log takes many, and few enough that opening their streams holds up no other caller.
    private const int AtOnce = 512;

    // Streams of users who are not there, which stay loaded until their verdict is stored.
    private const int MaxLeaving = 2048;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentQueue<(RunLife Life, RunVerdict Verdict)> _verdicts = new();
    private readonly ConcurrentDictionary<RunLife, RunVerdict> _judged = new();
    private readonly ConcurrentQueue<(string UserId, Task Stored)> _leaving = new();
    private readonly FailureAggregator _failed = new(failures);
    private Task _publishing = Task.CompletedTask;
    private volatile bool _isRefused;

    /// <summary>The runs that were called stalled, until they are heard of or end.</summary>
    public ConcurrentDictionary<RunLife, bool> Stalled { get; } = new();

    /// <summary>A run calls for something. One whose verdict is on its way keeps that.</summary>
    public void Add(RunLife life, RunVerdict verdict)
    {
        if (_judged.TryAdd(life, verdict))
        {
            _verdicts.Enqueue((life, verdict));
        }
    }

    /// <summary>Reports a failure of a run, together with others of the round where there are many.</summary>
    public void Report(Failure failure) => _failed.Add(failure);

    /// <summary>Publishes what is to be published, or goes on with it, and waits for a moment.</summary>
    public async Task PublishAsync(CancellationToken cancellationToken)
    {
        _isRefused = false;
        if (_publishing.IsCompleted && (!_verdicts.IsEmpty || !_leaving.IsEmpty))
        {
            _publishing = PublishAllAsync(new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken });
        }

        if (!_publishing.IsCompleted)
        {
            // A slow log must not keep other runs from being looked after.
            await Task.WhenAny(_publishing, Task.Delay(Patience, time, cancellationToken));
        }

        _failed.Tell();
        if (_publishing.IsFaulted)
        {
            var fault = _publishing.Exception;
            _publishing = Task.CompletedTask;
            throw fault;
        }
    }

    private async Task PublishAllAsync(ParallelOptions options)
    {
        await Parallel.ForEachAsync(TakeVerdicts(), options, PublishAsync);
        await Parallel.ForEachAsync(TakeStored(), options, (left, _) => LetGoAsync(left));
    }

    private IEnumerable<(string UserId, Task Stored)> TakeStored()
    {
        while (_leaving.TryPeek(out var first) && first.Stored.IsCompleted && _leaving.TryDequeue(out first))
        {
            yield return first;
        }
    }

    private IEnumerable<(RunLife Life, RunVerdict Verdict)> TakeVerdicts()
    {
        while (_verdicts.TryDequeue(out var judged))
        {
            yield return judged;
        }
    }

    private async ValueTask PublishAsync((RunLife Life, RunVerdict Verdict) judged, CancellationToken cancellationToken)
    {
        var (life, verdict) = judged;
        var isDone = false;
        try
        {
            isDone = !_isRefused && await TryPublishAsync(life, verdict, cancellationToken);
        }
        finally
        {
            _judged.TryRemove(life, out _);
            if (isDone)
            {
                registry.Schedule(life);
            }
            else
            {
                registry.ScheduleSoon(life);
            }
        }
    }

    /// <returns>Whether nothing is left to be done.</returns>
    private async ValueTask<bool> TryPublishAsync(RunLife life, RunVerdict verdict, CancellationToken cancellationToken)
    {
        EventReceipt receipt;
        try
        {
            var context = contexts.CreateInterrupted(life.Key.UserKey, life.Key.ThreadId, life.Key.RunId);
            await using var emitter = await emitters.CreateEmitterAsync(context, EmitterOptions.OfServer, cancellationToken);
            var (now, heardAt) = (clock.Now, life.HeardAt);
            if (life.Judge(now, limits) != verdict)
            {
                // It was heard of meanwhile.
                return true;
            }

            receipt = verdict == RunVerdict.Stall ? await StallAsync(life, emitter, now, heardAt) : await EndAsync(life, emitter, now);
        }
        catch (PipelineException exception) when (exception.Code == FailureCode.RunEnded)
        {
            // It has ended meanwhile.
            registry.End(life);
            return true;
        }
        catch (PipelineException exception) when (exception.Code == FailureCode.AttemptSuperseded)
        {
            // Its next attempt has begun meanwhile, and is not quiet.
            return true;
        }
        catch (PipelineException exception)
        {
            // Reported by the emitter. The others of this round would fare no better, and would be as many failures.
            if (exception.Code is FailureCode.LogFull
                or FailureCode.LogFailed
                or FailureCode.NotInitialized
                or FailureCode.BridgeUnavailable)
            {
                _isRefused = true;
            }

            return false;
        }

        _leaving.Enqueue((life.Key.UserKey, receipt.WhenCommittedAsync().WaitAsync(cancellationToken)));
        if (_leaving.Count > MaxLeaving && _leaving.TryDequeue(out var first))
        {
            await LetGoAsync(first);
        }

        return true;
    }

    private async Task<EventReceipt> StallAsync(RunLife life, EventEmitter emitter, long now, long heardAt)
    {
        var quiet = TimeSpan.FromTicks(life.QuietAt(now));
        var receipt = await emitter.AgentStalledAsync(life.AgentName, quiet);
        life.OnStalled(heardAt);
        Stalled[life] = true;
        _failed.Add(Failure.In(
            FailureCode.RunStalled,
            emitter.Context.ScopeOf("watch runs"),
            $"The run of {life.AgentName ?? "an agent"} has said nothing for {quiet.TotalSeconds:F0} s; "
            + $"its lease is {TimeSpan.FromTicks(life.LeaseOr(limits)).TotalSeconds:F0} s"));
        return receipt;
    }

    private async Task<EventReceipt> EndAsync(RunLife life, EventEmitter emitter, long now)
    {
        var quiet = TimeSpan.FromTicks(life.QuietAt(now));
        var agent = life.AgentName;
        var failure = Failure.In(
            FailureCode.LeaseExpired,
            emitter.Context.ScopeOf("watch runs"),
            $"The run of {agent ?? "an agent"} said nothing for {quiet.TotalSeconds:F0} s, and was ended");
        var receipt = await emitter.AgentFailedAsync(
            string.IsNullOrEmpty(agent) ? "unknown" : agent, new EventError(FailureCodes.WireName(failure.Code), failure.Message));
        Stalled.TryRemove(life, out _);
        _failed.Add(failure);

        // One that runs in this process is not to go on behind everybody's back.
        life.Stop?.Invoke("it said nothing for so long that the server ended it");
        return receipt;
    }

    // The streams of thousands of absent users must not all stay in memory until the idle ones are evicted.
    private async ValueTask LetGoAsync((string UserId, Task Stored) left)
    {
        try
        {
            await left.Stored;
            await streams.EvictIfIdleAsync(left.UserId);
        }
        catch (PipelineException exception)
        {
            failures.Report(exception);
        }
    }
}
