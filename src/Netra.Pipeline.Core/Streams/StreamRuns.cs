using Netra.Pipeline.Events;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// The runs of a stream, each one's state shared by all of its emitters. Guarded by the stream's lock, which every method takes.
/// </summary>
internal sealed class StreamRuns(StreamState state)
{
    private readonly RememberedRuns _runs = new(state.Services.Options.MaxRuns);

    /// <summary>The run that the log looked up when it opened the stream, and what it found; null when it looked for none.</summary>
    public (RunKey Key, LogRun? Found)? OpenedFor { get; set; }

    /// <summary>The state of a run; to be given back with <see cref="Leave"/>.</summary>
    /// <param name="threadId">The run's thread.</param>
    /// <param name="runId">The run.</param>
    /// <param name="agentName">The agent that runs in this process; null for a run that goes on without it.</param>
    /// <param name="cancellationToken">Cancels waiting for the log.</param>
    public async ValueTask<StreamRun> EnterAsync(string threadId, string runId, string? agentName, CancellationToken cancellationToken)
    {
        lock (state.Gate)
        {
            if (_runs.TryEnter(threadId, runId, out var known))
            {
                return known;
            }

            // What the log found when it opened the stream holds as long as no event came since.
            if (OpenedFor is { } opened && opened.Key.ThreadId == threadId && opened.Key.RunId == runId && state.Head == state.Lease.Head)
            {
                return _runs.Enter(opened.Found ?? New(threadId, runId, agentName), state.Committed);
            }
        }

        var found = await state.Log.FindRunAsync(state.Lease, threadId, runId, cancellationToken) ?? New(threadId, runId, agentName);
        lock (state.Gate)
        {
            return _runs.Enter(found, state.Committed);
        }
    }

    /// <summary>What is known of a run, by the stream or by the log; null when it has no event.</summary>
    public async ValueTask<LogRun?> FindAsync(string threadId, string runId, CancellationToken cancellationToken)
    {
        lock (state.Gate)
        {
            if (_runs.Find(threadId, runId) is { Events: > 0 } known)
            {
                return known.Now;
            }
        }

        return await state.Log.FindRunAsync(state.Lease, threadId, runId, cancellationToken);
    }

    public void Leave(StreamRun run)
    {
        lock (state.Gate)
        {
            run.Emitters--;
        }
    }

    /// <summary>A run as it is now, with all that it has declared.</summary>
    public LogRun Read(StreamRun run)
    {
        lock (state.Gate)
        {
            return run.Now;
        }
    }

    /// <summary>How many events a run's present attempt has, whether the run has ended, and the attempt.</summary>
    public (long Events, bool HasEnded, int Attempt) ProgressOf(StreamRun run)
    {
        lock (state.Gate)
        {
            return (run.Events, run.HasEnded, run.Attempt);
        }
    }

    /// <inheritdoc cref="StreamRun.AttemptOf"/>
    /// <param name="run">The run.</param>
    /// <param name="agentName">The agent that begins.</param>
    /// <param name="said">What it says.</param>
    /// <param name="publisher">The attempt of its publisher, to which it belongs where it can begin none.</param>
    public int AttemptOf(StreamRun run, string? agentName, int said, int publisher)
    {
        lock (state.Gate)
        {
            return run.AttemptOf(agentName, said, publisher);
        }
    }

    /// <summary>Whether a run is known to have ended; the log hears of that a little later.</summary>
    public bool HasEnded(string threadId, string runId)
    {
        lock (state.Gate)
        {
            return _runs.Find(threadId, runId) is { HasEnded: true };
        }
    }

    /// <summary>What is known of something that a run has asked; null for nothing.</summary>
    public LogQuestion? FindQuestion(StreamRun run, string requestId)
    {
        lock (state.Gate)
        {
            return run.Questions.Find(requestId);
        }
    }

    /// <summary>Completes when a question has its answer, and somebody has said that it is stored.</summary>
    public Task<LogAnswer> EnterQuestion(StreamRun run, string requestId)
    {
        lock (state.Gate)
        {
            return run.Questions.Enter(requestId);
        }
    }

    /// <summary>An answer is stored.</summary>
    /// <returns>Whether somebody in this process waited for it.</returns>
    public bool TellAnswer(StreamRun run, string requestId, LogAnswer answer)
    {
        lock (state.Gate)
        {
            return run.Questions.Tell(requestId, answer);
        }
    }

    /// <summary>A caller waits for an answer no more.</summary>
    /// <returns>Whether no other one of this process does.</returns>
    public bool LeaveQuestion(StreamRun run, string requestId)
    {
        lock (state.Gate)
        {
            return run.Questions.Leave(requestId);
        }
    }

    /// <summary>Whether a question, or an answer, would be a new event.</summary>
    public QuestionOutcome Judge(StreamRun run, QuestionChange change, int attempt)
    {
        lock (state.Gate)
        {
            return run.Judge(change, attempt);
        }
    }

    /// <summary>Retention has deleted events. The caller has the lock.</summary>
    public void Expire(long through) => _runs.Expire(through);

    /// <summary>The state of a run that has events; to be given back with <see cref="Leave"/>. Null for one that is not known.</summary>
    /// <param name="threadId">The run's thread.</param>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">Cancels waiting for the log.</param>
    public async ValueTask<StreamRun?> EnterKnownAsync(string threadId, string runId, CancellationToken cancellationToken)
    {
        lock (state.Gate)
        {
            if (_runs.TryEnter(threadId, runId, out var known))
            {
                return known;
            }
        }

        var found = await state.Log.FindRunAsync(state.Lease, threadId, runId, cancellationToken);
        lock (state.Gate)
        {
            return found is null ? null : _runs.Enter(found, state.Committed);
        }
    }

    /// <summary>Where a run stands for those who want something of it.</summary>
    public RunStanding StandingOf(StreamRun run)
    {
        lock (state.Gate)
        {
            return new RunStanding(run.HasEnded, run.Logged.IsEmbedded, run.PublisherId, run.Publisher);
        }
    }

    /// <summary>Has the log remember that a run waits, until an event of the run ends it.</summary>
    public ValueTask StoreWaitAsync(StreamRun run, DateTimeOffset until)
    {
        lock (state.Gate)
        {
            run.Wait(until);
        }

        return state.Log.StoreWaitAsync(state.Lease, run.Logged, until, CancellationToken.None);
    }

    private static LogRun New(string threadId, string runId, string? agentName) => new(threadId, runId, agentName is not null, agentName);
}

/// <summary>Where a run stands for those who want something of it.</summary>
/// <param name="HasEnded">Whether it has its terminal event.</param>
/// <param name="IsEmbedded">Whether it runs in this process.</param>
/// <param name="PublisherId">Who has published to it last from outside; null for nobody.</param>
/// <param name="Publisher">The request that did, where the stream has seen it.</param>
internal readonly record struct RunStanding(bool HasEnded, bool IsEmbedded, string? PublisherId, RunPublisher? Publisher)
{
    /// <summary>Whether it goes on outside of this process, so that what is wanted of it becomes a command.</summary>
    public bool IsOutside => PublisherId is not null && !IsEmbedded;
}
