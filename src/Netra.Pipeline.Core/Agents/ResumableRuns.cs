using System.Collections.Concurrent;
using System.Text.Json;
using Netra.Pipeline.Commands;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Agents;

/// <summary>
/// The runs of resumable agents that waited for an answer when the last process ended. Each stays open: when the answer comes its agent is
/// started again, as the run's next attempt; it may be cancelled meanwhile. Safe from any thread; <see cref="RoundAsync"/> is called by one
/// loop.
/// </summary>
/// <remarks>
/// Bounded by the runs that were open. What cannot be done at once, since too many runs are open or the log is full, is tried again a
/// second later; when the process ends before, the next one finds it.
/// </remarks>
internal sealed class ResumableRuns
{
    private readonly ConcurrentDictionary<RunKey, OpenRun> _waiting = new();
    private readonly ConcurrentQueue<OpenRun> _answered = new();
    private readonly ConcurrentQueue<(OpenRun Run, string Reason)> _cancelled = new();
    private readonly AgentRegistry _agents;
    private readonly AgentRunner _runner;
    private readonly OpenRuns _open;
    private readonly EventEmitterFactory _emitters;
    private readonly UserExecutionContextFactory _contexts;
    private readonly PipelineBridge _bridge;
    private readonly FailureReporter _failures;
    private readonly TimeProvider _time;

    public ResumableRuns(
        AgentRegistry agents,
        AgentRunner runner,
        OpenRuns open,
        EventEmitterFactory emitters,
        UserExecutionContextFactory contexts,
        PipelineBridge bridge,
        FailureReporter failures,
        TimeProvider time,
        RunAnswers answers)
    {
        (_agents, _runner, _open, _emitters) = (agents, runner, open, emitters);
        (_contexts, _bridge, _failures, _time) = (contexts, bridge, failures, time);
        answers.Subscribe(OnAnswered);
    }

    /// <summary>Takes those of the open runs that waited for an answer and can go on.</summary>
    /// <param name="open">The runs that were open when the last process ended.</param>
    /// <returns>Those that it has taken: they stay open.</returns>
    public IReadOnlyList<OpenRun> Take(IReadOnlyList<OpenRun> open)
    {
        OpenRun[] taken =
        [
            .. open.Where(run => run is { IsEmbedded: true, Input: not null } && _agents.IsResumable(run.AgentName) && Waits(run)),
        ];
        foreach (var run in taken)
        {
            if (run.Questions.Any(question => question.Answer?.Seq == run.LastSeq))
            {
                // The answer had come, and the process ended before anybody went on with it.
                _answered.Enqueue(run);
            }
            else
            {
                var key = KeyOf(run);
                _waiting[key] = run;
                _open.Suspend(key, reason => Cancel(key, reason));
            }
        }

        return taken;
    }

    /// <summary>Starts the agents whose answers have come, and ends the runs that were cancelled.</summary>
    public async ValueTask RoundAsync(CancellationToken cancellationToken)
    {
        for (var left = _answered.Count; left > 0 && _bridge.State == BridgeState.Ready && _answered.TryDequeue(out var run); left--)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Start(run);
        }

        for (var left = _cancelled.Count; left > 0 && _cancelled.TryDequeue(out var cancelled); left--)
        {
            await EndAsync(cancelled.Run, cancelled.Reason, cancellationToken);
        }
    }

    // Either a question of its last attempt is open, or the last event is an answer. One whose time is over, and after which the run has
    // gone on, has been given up by whoever asked.
    private bool Waits(OpenRun run) => run.Questions.Any(question => question.Answer is { } answer
        ? answer.Seq == run.LastSeq
        : question.Attempt == run.Attempt
            && (question.Seq == run.LastSeq || question.Until is not { } until || until > _time.GetUtcNow()));

    private static RunKey KeyOf(OpenRun run) => new(run.UserId, run.ThreadId, run.RunId);

    private void OnAnswered(RunKey key, LogQuestion question)
    {
        // Of an answer and a cancellation at once one goes on with the run.
        if (_open.TryResume(key) && _waiting.TryRemove(key, out var run))
        {
            _answered.Enqueue(run);
        }
    }

    private void Cancel(RunKey key, string reason)
    {
        if (_waiting.TryRemove(key, out var run))
        {
            _cancelled.Enqueue((run, reason));
        }
    }

    private void Start(OpenRun run)
    {
        try
        {
            var input = ResumedInput.Read(run.Input!.Value);
            var context = _contexts.Create(
                UserKey.UserOf(run.UserId), run.ThreadId, run.RunId, input.RequestId, tenantId: UserKey.TenantOf(run.UserId));
            _runner.Resume(run.AgentName!, input.Input, context, input.Data, run.Attempt + 1);
        }
        catch (PipelineException exception)
        {
            // It has been reported: too many runs are open, or the pipeline drains. A run of that id which was begun anew is another one.
            if (exception is not ContextValidationException)
            {
                _answered.Enqueue(run);
            }
        }
        catch (JsonException exception)
        {
            _failures.Report(
                exception, FailureCode.BackgroundFailed, new FailureScope("resume run", run.UserId, run.ThreadId, run.RunId), "its input");
        }
    }

    private async ValueTask EndAsync(OpenRun run, string reason, CancellationToken cancellationToken)
    {
        try
        {
            var context = _contexts.CreateInterrupted(run.UserId, run.ThreadId, run.RunId);
            await using var emitter = await _emitters.CreateEmitterAsync(context, EmitterOptions.OfServer, cancellationToken);
            await emitter.AgentCancelledAsync(run.AgentName!, reason, cancellationToken: CancellationToken.None);
        }
        catch (PipelineException exception)
        {
            // It has been reported. A run that has ended already needs nothing more.
            if (exception.Code != FailureCode.RunEnded)
            {
                _cancelled.Enqueue((run, reason));
            }
        }
    }
}
