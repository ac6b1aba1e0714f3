using Netra.Pipeline.Contexts;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Runs;

/// <summary>
/// The lives of all runs that are open or have an emitter, and when each is looked at next. Bounded by
/// <c>Netra:Monitoring:MaxWatchedRuns</c>: a run above that goes on as any other, but its silence is not noticed.
/// </summary>
/// <remarks>
/// Safe from any thread. Its lock guards the table, the holders and the deadlines; nothing but a life, which calls
/// nothing else, is called under it.
/// </remarks>
internal sealed class RunRegistry(FailureReporter failures, RunLimits limits, RunClock clock, TimeProvider wall)
{
    // What a wall clock that was wrong when it said so, or is now, can add at most.
    private static readonly TimeSpan MaxWait = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<RunKey, RunLife> _lives = [];
    private readonly RunDeadlines _deadlines = new();

    // Those that have asked something, among all the others: figures are read every second.
    private readonly HashSet<RunLife> _asking = [];
    private readonly OpenRunCounts _counts = new();
    private long _unwatched;

    /// <summary>
    /// Is told of each run that has its terminal event, by whoever emits or finds it, under no lock; it must neither wait nor throw.
    /// </summary>
    public Action<RunKey>? OnEnded { private get; set; }

    /// <summary>How many runs are open, as far as the registry knows.</summary>
    public int OpenCount
    {
        get
        {
            lock (_gate)
            {
                return _lives.Values.Count(static life => life is { HasBegun: true, HasEnded: false });
            }
        }
    }

    /// <summary>The runs' time.</summary>
    public long Now => clock.Now;

    /// <summary>Takes a run into a hand; to be given back with <see cref="Leave"/>.</summary>
    /// <param name="key">The run.</param>
    /// <param name="known">What is known of it.</param>
    public RunLife Enter(RunKey key, LogRun known)
    {
        var (now, waiting) = (clock.Now, RestOf(known.WaitingUntil));
        RunLife? life;
        lock (_gate)
        {
            if (_lives.TryGetValue(key, out life))
            {
                life.Holders++;
                return life;
            }

            // The system's own runs are watched by the code that starts them.
            var isCounted = !IdentifierRules.IsReserved(key.UserKey);
            var isWatched = isCounted && _lives.Count < limits.MaxWatched;
            life = new RunLife(key) { IsWatched = isWatched, Holders = 1 };
            _unwatched += isCounted && !isWatched && limits.AreWatched ? 1 : 0;

            // The caller that finds it has newer news than this.
            if (known.TerminalSeq != 0)
            {
                life.End();
            }
            else if (known.Events > 0)
            {
                life.Adopt(known.AgentName, known.Lease?.Ticks ?? 0, waiting, known.Attempt, now);
                foreach (var question in known.Questions.Where(question => question.Answer is null && question.Attempt == known.Attempt))
                {
                    life.Ask(Open(question, now), now);
                }
            }

            if (isWatched)
            {
                _lives.Add(key, life);
                if (life is { HasBegun: true, HasEnded: false })
                {
                    _counts.Add(life, known.Publisher ?? string.Empty);
                }

                if (life.Questions.Count > 0)
                {
                    _asking.Add(life);
                }
            }
        }

        Schedule(life);
        return life;
    }

    /// <summary>Counts a run as open, before its first event; until its end, or until it is given back without one.</summary>
    /// <param name="life">The run.</param>
    /// <param name="publisherId">Who publishes it.</param>
    /// <param name="limits">How many may be open.</param>
    /// <returns>What stands in the way; null when it may begin.</returns>
    public string? TryOpen(RunLife life, string publisherId, PeerLimitOptions limits)
    {
        lock (_gate)
        {
            if (life.CountedFor is not null || !life.IsWatched)
            {
                return null;
            }

            if (_counts.OfUser(life.Key.UserKey) >= limits.MaxOpenRunsPerUser)
            {
                return $"the user has {limits.MaxOpenRunsPerUser} open runs, which is the limit (Netra:Limits:MaxOpenRunsPerUser)";
            }

            if (_counts.OfTenantOf(life.Key.UserKey) >= limits.MaxOpenRunsPerTenant)
            {
                return $"the tenant has {limits.MaxOpenRunsPerTenant} open runs, which is the limit (Netra:Limits:MaxOpenRunsPerTenant)";
            }

            if (_counts.OfPublisher(publisherId) >= limits.MaxOpenRunsPerPublisher)
            {
                return $"the publisher has {limits.MaxOpenRunsPerPublisher} open runs, which is the limit "
                    + "(Netra:Limits:MaxOpenRunsPerPublisher)";
            }

            _counts.Add(life, publisherId);
            return null;
        }
    }

    /// <summary>Gives a run back.</summary>
    public void Leave(RunLife life)
    {
        lock (_gate)
        {
            life.Holders--;
            Forget(life);
        }
    }

    /// <summary>A run was found ended.</summary>
    public void End(RunLife life)
    {
        life.End();
        lock (_gate)
        {
            _counts.Remove(life);
            Forget(life);
        }

        OnEnded?.Invoke(life.Key);
    }

    /// <summary>Takes up a run that was open when the last process ended: it goes on under what it had declared, counted anew.</summary>
    public void Adopt(OpenRun run)
        => Leave(Enter(
            new RunKey(run.UserId, run.ThreadId, run.RunId),
            new LogRun(run.ThreadId, run.RunId, run.IsEmbedded, run.AgentName)
            {
                Events = 1,
                Lease = run.Lease,
                WaitingUntil = run.WaitingUntil,
                Attempt = run.Attempt,
                Questions = run.Questions,
                Publisher = run.Publisher,
            }));

    /// <summary>A run asks something, and waits for the answer.</summary>
    public void Ask(RunLife life, LogQuestion question)
    {
        var now = clock.Now;
        life.Ask(Open(question, now), now);
        lock (_gate)
        {
            if (life.IsWatched)
            {
                _asking.Add(life);
            }
        }

        Schedule(life);
    }

    /// <summary>A run waits for an answer no more.</summary>
    /// <param name="life">The run.</param>
    /// <param name="requestId">What it asked.</param>
    /// <returns>How long it waited; null when it did not.</returns>
    public TimeSpan? EndQuestion(RunLife life, string requestId)
    {
        var now = clock.Now;
        var question = life.EndQuestion(requestId, now);
        lock (_gate)
        {
            if (life.Questions.Count == 0)
            {
                _asking.Remove(life);
            }
        }

        Schedule(life);
        return question is null ? null : TimeSpan.FromTicks(now - question.Since);
    }

    /// <summary>What a run waits for answers to.</summary>
    public IReadOnlyList<OpenQuestion> QuestionsOf(RunKey key)
    {
        lock (_gate)
        {
            return _lives.TryGetValue(key, out var life) ? QuestionsOf(life, clock.Now) : [];
        }
    }

    /// <summary>The runs that wait for answers at this moment.</summary>
    public WaitingRuns ReadWaiting()
    {
        var (runs, overdue, oldest) = (0, 0, TimeSpan.Zero);
        foreach (var run in Waiting())
        {
            (runs, overdue, oldest) = (runs + 1, overdue + run.Overdue, run.Waited > oldest ? run.Waited : oldest);
        }

        return new WaitingRuns(runs, overdue, oldest);
    }

    /// <summary>The runs that wait for answers at this moment, those first that have waited for longest.</summary>
    /// <param name="max">How many at most.</param>
    public IReadOnlyList<WaitingRun> ListWaiting(int max) => [.. Waiting().OrderByDescending(static run => run.Waited).Take(max)];

    /// <summary>A lifecycle event of a run was accepted. What is wrong with it is reported.</summary>
    /// <param name="life">Its run.</param>
    /// <param name="context">Whose run it is.</param>
    /// <param name="type">Its type.</param>
    /// <param name="subject">What it names.</param>
    /// <param name="attempt">Its attempt.</param>
    public void OnEvent(RunLife life, UserExecutionContext context, EventType type, in EventSubject subject, int attempt)
    {
        if (life.OnEvent(type, subject, attempt, clock.Now) is var violation and not FlowViolation.None)
        {
            Report(life, context, Describe(violation, type, subject));
        }

        Schedule(life);
        TellEnd(life, type);
    }

    /// <summary>The server has said something about a run.</summary>
    public void OnOwnEvent(RunLife life, EventType type)
    {
        life.OnOwnEvent(type);
        TellEnd(life, type);
    }

    /// <summary>
    /// An event of an earlier attempt was accepted, the first one since the present one began: the run goes on as if it were not there.
    /// </summary>
    /// <param name="life">Its run.</param>
    /// <param name="context">Whose run it is.</param>
    /// <param name="type">Its type.</param>
    /// <param name="attempt">Its attempt.</param>
    /// <param name="present">The run's attempt.</param>
    public void OnLate(RunLife life, UserExecutionContext context, EventType type, int attempt, int present) => Report(
        life,
        context,
        $"{EventTypes.WireName(type)} of attempt {attempt} came after attempt {present} had begun: it is kept, and counts nowhere; "
        + "nor do those that follow, of which nothing more is said");

    /// <summary>A token, or an event of the application's own, was accepted.</summary>
    /// <param name="life">Its run.</param>
    /// <param name="timestamp">When, on the clock below the runs' own.</param>
    public void OnToken(RunLife life, long timestamp)
    {
        if (life.OnToken(clock.At(timestamp)))
        {
            Schedule(life);
        }
    }

    /// <summary>A sign of life without an event: a publish that is refused, say.</summary>
    /// <param name="key">The run.</param>
    /// <param name="attempt">Whose sign of life it is: an earlier attempt's is none. Null for the present one.</param>
    public void Hear(RunKey key, int? attempt)
    {
        RunLife? life;
        lock (_gate)
        {
            _lives.TryGetValue(key, out life);
        }

        life?.Hear(clock.Now, attempt ?? life.Attempt);
    }

    /// <inheritdoc cref="Hear(RunKey, int?)"/>
    /// <param name="life">The run.</param>
    /// <param name="attempt">Whose sign of life it is: an earlier attempt's is none.</param>
    public void Hear(RunLife life, int attempt) => life.Hear(clock.Now, attempt);

    /// <summary>Nothing is to be expected of a run before a time of the wall clock.</summary>
    public void Wait(RunLife life, DateTimeOffset until)
    {
        var now = clock.Now;
        life.Wait(now, now + RestOf(until));
        Schedule(life);
    }

    /// <summary>How long may pass until a run's next sign of life.</summary>
    public TimeSpan LeftOf(RunLife life) => TimeSpan.FromTicks(life.LeftAt(clock.Now, limits));

    /// <summary>A request that stays open publishes to a run; it has the run in hand.</summary>
    /// <param name="life">The run.</param>
    /// <param name="publisher">The attempt that its publisher is at.</param>
    public void BeginRequest(RunLife life, PublisherAttempt publisher)
    {
        lock (_gate)
        {
            life.Holders++;
        }

        life.BeginRequest(publisher, clock.Now);
    }

    /// <summary>That request publishes to the run no more.</summary>
    /// <param name="life">The run.</param>
    /// <param name="publisher">The attempt that its publisher is at.</param>
    /// <param name="isBroken">Whether the request ended in the middle.</param>
    public void EndRequest(RunLife life, PublisherAttempt publisher, bool isBroken)
    {
        life.EndRequest(publisher, clock.Now, isBroken);
        Schedule(life);
        Leave(life);
    }

    /// <summary>Whether a request has no more to do with a run: it has ended, or never began.</summary>
    public bool IsOver(RunLife life)
    {
        lock (_gate)
        {
            return life.HasEnded || (!life.HasBegun && life.Holders == 1);
        }
    }

    /// <summary>The work on a run goes on in another one; both calls may come from any thread.</summary>
    /// <param name="life">The run that delegates.</param>
    /// <param name="publisher">Its attempt.</param>
    public void BeginDelegation(RunLife life, PublisherAttempt publisher) => life.BeginDelegation(publisher, clock.Now);

    /// <inheritdoc cref="BeginDelegation"/>
    public void EndDelegation(RunLife life, PublisherAttempt publisher)
    {
        life.EndDelegation(publisher, clock.Now);
        Schedule(life);
    }

    /// <summary>Sets when a run is looked at next, if that is sooner than was said.</summary>
    public void Schedule(RunLife life)
    {
        var now = clock.Now;
        if (life.IsWatched && limits.AreWatched && life.NextLook(now, limits) is var at && at < life.LookAt)
        {
            Put(life, at);
        }
    }

    /// <summary>Has a run looked at again in a moment, or sooner, if that was said.</summary>
    public void ScheduleSoon(RunLife life) => Put(life, clock.Now + TimeSpan.TicksPerSecond);

    /// <summary>Takes the runs that are due, the longest due first. The caller schedules them anew.</summary>
    public void TakeDue(List<RunLife> due)
    {
        lock (_gate)
        {
            _deadlines.TakeDue(clock.Now, due);
        }
    }

    /// <summary>How many runs were not watched since this was asked last, since too many are open.</summary>
    public long TakeUnwatched()
    {
        lock (_gate)
        {
            (var unwatched, _unwatched) = (_unwatched, 0);
            return unwatched;
        }
    }

    /// <summary>Forgets all runs of a user. Whoever has one in hand finds it ended.</summary>
    public void Erase(string userId)
    {
        List<RunLife> erased;
        lock (_gate)
        {
            erased = [.. _lives.Values.Where(life => life.Key.UserKey == userId)];
            foreach (var life in erased)
            {
                _counts.Remove(life);
                _deadlines.Remove(life);
                _asking.Remove(life);
                _lives.Remove(life.Key);
            }
        }

        erased.ForEach(static life => life.End());
    }

    /// <summary>All lives at this moment.</summary>
    public IReadOnlyList<RunLife> Lives()
    {
        lock (_gate)
        {
            return [.. _lives.Values];
        }
    }

    // What retention has deleted nobody can answer any more.
    private static IReadOnlyList<OpenQuestion> QuestionsOf(RunLife life, long now)
        => life.Questions is { Count: > 0 } open ? [.. open.Where(question => question.KeptUntil > now)] : [];

    private static string Describe(FlowViolation violation, EventType type, in EventSubject subject) => violation switch
    {
        FlowViolation.NotStarted => $"{EventTypes.WireName(type)} came before agent_started",
        FlowViolation.StartedTwice => "agent_started came twice",
        FlowViolation.CallIdInUse => $"tool_executing of {subject.Name} came under call id '{subject.CallId}', which is open",
        FlowViolation.ToolNotExecuting => $"tool_completed of {subject.Name} came without its tool_executing",
        FlowViolation.ToolAmbiguous =>
            $"tool_completed of {subject.Name} came without call_id while several calls of it are open: "
            + "nobody can say which one it ends, and it is shown with none",
        FlowViolation.ToolNotCompleted => $"{EventTypes.WireName(type)} came while tools were running",
        _ => throw new ArgumentOutOfRangeException(nameof(violation), violation, "not a violation"),
    };

    private void Report(RunLife life, UserExecutionContext context, string what)
    {
        if (limits.AreWatched && life.IsWatched)
        {
            failures.Report(Failure.In(FailureCode.FlowViolation, context.ScopeOf("watch runs"), what));
        }
    }

    private IEnumerable<WaitingRun> Waiting()
    {
        RunLife[] asking;
        lock (_gate)
        {
            asking = [.. _asking];
        }

        var (now, wallNow) = (clock.Now, wall.GetUtcNow());
        foreach (var life in asking)
        {
            if (QuestionsOf(life, now) is { Count: > 0 } open)
            {
                yield return new WaitingRun(
                    life.Key,
                    life.AgentName,
                    open.Count,
                    open.Count(question => question.Question.Until <= wallNow),
                    TimeSpan.FromTicks(now - open.Min(static question => question.Since)));
            }
        }
    }

    // How long it was open before this process began is counted by the wall clock, which is all there is.
    private OpenQuestion Open(LogQuestion question, long now)
    {
        var age = Math.Clamp((wall.GetUtcNow() - question.AskedAt).Ticks, 0, limits.QuestionsKept.Ticks);
        return new OpenQuestion(question, now - age, now - age + limits.QuestionsKept.Ticks);
    }

    private void TellEnd(RunLife life, EventType type)
    {
        if (EventTypes.IsTerminal(type))
        {
            lock (_gate)
            {
                _counts.Remove(life);
            }

            OnEnded?.Invoke(life.Key);
        }
    }

    private long RestOf(DateTimeOffset? until)
        => until is { } end ? Math.Clamp((end - wall.GetUtcNow()).Ticks, 0, MaxWait.Ticks) : 0;

    private void Put(RunLife life, long at)
    {
        lock (_gate)
        {
            // Of two who say it at once, with one of them having seen less, the earlier time holds: a look too many does no harm.
            if (at < life.LookAt && _lives.TryGetValue(life.Key, out var known) && known == life)
            {
                _deadlines.Put(life, at);
            }
        }
    }

    // Runs that are not watched are not ended when they are abandoned either, and the log knows them when they are asked for again.
    private void Forget(RunLife life)
    {
        if (life.Holders != 0 || (!life.HasEnded && life.HasBegun && limits.AreWatched))
        {
            return;
        }

        // Also of one whose user was erased while it was in hand, and that was to begin after that.
        _counts.Remove(life);
        if (_lives.TryGetValue(life.Key, out var known) && known == life)
        {
            _deadlines.Remove(life);
            _asking.Remove(life);
            _lives.Remove(life.Key);
        }
    }
}
