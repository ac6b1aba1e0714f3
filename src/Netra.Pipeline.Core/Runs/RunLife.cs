using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Runs;

/// <summary>
/// The life of one run: begun, quiet, waiting, stalled, ended; its lease; and its publishers. A state machine on the times it is given, in
/// ticks of the <see cref="RunClock"/>.
/// </summary>
/// <remarks>
/// <para>A run is silent since it was heard of last, or since the end of its wait, whichever is later. While it waits for an answer it is
/// not silent. A silence longer than its lease is a
/// stall, and a much longer one its end. A request that breaks off may bring the stall early, and nothing else; any sign of life takes that
/// back.</para>
/// <para>Safe from any thread. A token costs one volatile write and three reads (<see cref="OnToken"/>); everything else takes the lock.
/// Two events that are emitted at the same time have no order of their own, and may be seen in either.</para>
/// <para>All of it is of the run's present attempt. What an earlier attempt's publisher still does is no sign of life, and its requests and
/// delegations hold up nothing.</para>
/// </remarks>
internal sealed class RunLife(RunKey key)
{
    /// <summary>A time that does not come.</summary>
    public const long Never = long.MaxValue;

    private readonly Lock _gate = new();
    private readonly RunOrder _order = new();
    private long _heardAt;
    private RunWaits _waits;
    private long _lease;
    private long _stalledSince = Never;
    private bool _isBroken;
    private int _attempt = 1;

    // Each with the attempt that its publisher is at; those of earlier attempts count no more.
    private List<PublisherAttempt>? _requests;
    private List<PublisherAttempt>? _delegations;
    private Dictionary<string, OpenQuestion>? _questions;

    public RunKey Key => key;

    /// <summary>The agent, once it is known.</summary>
    public string? AgentName { get; private set; }

    /// <summary>Whether it has an event.</summary>
    public bool HasBegun { get; private set; }

    public bool HasEnded { get; private set; }

    /// <summary>The attempt that has begun last.</summary>
    public int Attempt => Volatile.Read(ref _attempt);

    /// <summary>Whether quiet is noticed; not for the system's own runs, nor for those above the limit.</summary>
    public bool IsWatched { get; init; }

    /// <summary>Whether it was called stalled and has not been heard of since.</summary>
    public bool IsStalled => Volatile.Read(ref _stalledSince) == Volatile.Read(ref _heardAt);

    /// <summary>When it was heard of last.</summary>
    public long HeardAt => Volatile.Read(ref _heardAt);

    /// <summary>Ends the work on it, where that is done in this process; is given the reason. It must not throw.</summary>
    public Action<string>? Stop { get; set; }

    /// <summary>How many emitters and requests have it in hand. Guarded by the registry.</summary>
    public int Holders { get; set; }

    /// <summary>The publisher for which it is counted as open; null when it is not. Guarded by the registry.</summary>
    public string? CountedFor { get; set; }

    /// <summary>When it is looked at next. Guarded by the registry, but read from any thread.</summary>
    public long LookAt { get; set; } = Never;

    /// <summary>Takes up a run that has events of the last process, or of another node.</summary>
    /// <param name="agentName">The agent, if it is known.</param>
    /// <param name="lease">Its own lease, in ticks; 0 for none.</param>
    /// <param name="waiting">For how long it waits still, in ticks.</param>
    /// <param name="attempt">Its attempt.</param>
    /// <param name="now">The clock.</param>
    public void Adopt(string? agentName, long lease, long waiting, int attempt, long now)
    {
        lock (_gate)
        {
            _order.BecomePartial();
            (AgentName, _lease, _attempt, HasBegun) = (agentName, lease, attempt, true);
            Volatile.Write(ref _heardAt, now);
            if (waiting > 0)
            {
                _waits.Begin(now, now + waiting);
            }
        }
    }

    /// <summary>It has ended, whoever said so.</summary>
    public void End()
    {
        lock (_gate)
        {
            HasEnded = true;
        }
    }

    /// <summary>A token, or an event of the application's own, of the present attempt was accepted.</summary>
    /// <returns>Whether it must be looked at sooner than before.</returns>
    public bool OnToken(long now)
    {
        Hear(now);
        if (HasBegun && _waits.Announced == 0)
        {
            return false;
        }

        lock (_gate)
        {
            HasBegun = true;
            _waits.End(now);
            return true;
        }
    }

    /// <summary>A lifecycle event was accepted.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="subject">What it names.</param>
    /// <param name="attempt">Its attempt; a later one than the run's has begun with it.</param>
    /// <param name="now">The clock.</param>
    public FlowViolation OnEvent(EventType type, in EventSubject subject, int attempt, long now)
    {
        lock (_gate)
        {
            if (attempt < _attempt)
            {
                // It was in time for the stream, but the next attempt's beginning was seen here before it.
                return FlowViolation.None;
            }

            _waits.End(now);
            if (attempt > _attempt)
            {
                _order.Reset();
                ForgetQuestionsBefore(attempt);
                _waits.Ask(now, AskedUntil());
                Volatile.Write(ref _attempt, attempt);
                Volatile.Write(ref _stalledSince, Never);
            }

            var violation = _order.Judge(type, subject, _waits.WorkingAt(now));
            if (type == EventType.AgentStarted)
            {
                (AgentName, _lease) = (subject.Name, subject.Lease.Ticks);
            }

            HasBegun = true;
            HasEnded |= EventTypes.IsTerminal(type);
            Volatile.Write(ref _heardAt, now);
            Volatile.Write(ref _isBroken, false);
            return violation;
        }
    }

    /// <summary>The server has said something about the run: that is no sign of life, and breaks no order.</summary>
    public void OnOwnEvent(EventType type)
    {
        lock (_gate)
        {
            HasEnded |= EventTypes.IsTerminal(type);
        }
    }

    /// <summary>A sign of life of an attempt, if that is the present one.</summary>
    public void Hear(long now, int attempt)
    {
        if (attempt >= Attempt)
        {
            Hear(now);
        }
    }

    /// <summary>A sign of life: a heartbeat, or a try to publish something, whatever became of it. It ends no wait.</summary>
    public void Hear(long now)
    {
        Volatile.Write(ref _heardAt, now);
        if (Volatile.Read(ref _isBroken))
        {
            Volatile.Write(ref _isBroken, false);
        }
    }

    /// <summary>Nothing is to be expected for a while. Of several waits the latest end holds.</summary>
    public void Wait(long now, long until)
    {
        lock (_gate)
        {
            Hear(now);
            if (until > Math.Max(now, _waits.Announced))
            {
                _waits.Begin(now, until);
            }
        }
    }

    /// <summary>It asks something, and waits for the answer.</summary>
    public void Ask(OpenQuestion question, long now)
    {
        lock (_gate)
        {
            if (question.Question.Attempt >= _attempt)
            {
                (_questions ??= new Dictionary<string, OpenQuestion>(StringComparer.Ordinal))[question.Question.RequestId] = question;
                _waits.Ask(now, AskedUntil());
            }
        }
    }

    /// <summary>It waits for an answer no more: the answer has come, or whoever asked has given up.</summary>
    /// <returns>What it waited for; null when it did not.</returns>
    public OpenQuestion? EndQuestion(string requestId, long now)
    {
        lock (_gate)
        {
            if (_questions is null || !_questions.Remove(requestId, out var question))
            {
                return null;
            }

            Hear(now);
            _waits.Ask(now, AskedUntil());
            return question;
        }
    }

    /// <summary>What it waits for answers to; nothing once it has ended.</summary>
    public IReadOnlyList<OpenQuestion> Questions
    {
        get
        {
            lock (_gate)
            {
                return HasEnded || _questions is null ? [] : [.. _questions.Values];
            }
        }
    }

    /// <summary>A request that stays open publishes to it: as long as it does, its publisher is there.</summary>
    /// <param name="publisher">The attempt that its publisher is at.</param>
    /// <param name="now">The clock.</param>
    public void BeginRequest(PublisherAttempt publisher, long now)
    {
        lock (_gate)
        {
            (_requests ??= []).Add(publisher);
            Hear(now, publisher.Latest);
        }
    }

    /// <summary>A request that published to it has ended.</summary>
    /// <param name="publisher">The attempt that its publisher is at.</param>
    /// <param name="now">The clock.</param>
    /// <param name="isBroken">Whether it ended in the middle.</param>
    public void EndRequest(PublisherAttempt publisher, long now, bool isBroken)
    {
        lock (_gate)
        {
            _requests!.Remove(publisher);
            if (IsPresent(publisher))
            {
                // Until now its publisher was there; another request's publisher is there still.
                Hear(now);
                Volatile.Write(ref _isBroken, isBroken && !AnyPresent(_requests));
            }
        }
    }

    /// <summary>It has delegated to another run, which is heard of in its place.</summary>
    /// <param name="publisher">The attempt that has delegated.</param>
    /// <param name="now">The clock.</param>
    public void BeginDelegation(PublisherAttempt publisher, long now)
    {
        lock (_gate)
        {
            (_delegations ??= []).Add(publisher);
            Hear(now, publisher.Latest);
        }
    }

    /// <summary>The other run is over.</summary>
    /// <param name="publisher">The attempt that has delegated.</param>
    /// <param name="now">The clock.</param>
    public void EndDelegation(PublisherAttempt publisher, long now)
    {
        lock (_gate)
        {
            _delegations!.Remove(publisher);
            Hear(now, publisher.Latest);
        }
    }

    /// <summary>How long may pass until the next sign of life, in ticks.</summary>
    public long LeftAt(long now, RunLimits limits)
    {
        lock (_gate)
        {
            return Math.Max(now, _waits.Until) - now + LeaseOr(limits);
        }
    }

    /// <summary>For how long it may say nothing, in ticks.</summary>
    public long LeaseOr(RunLimits limits) => Volatile.Read(ref _lease) is > 0 and var lease ? lease : limits.Lease.Ticks;

    /// <summary>For how long it has said nothing, in ticks; 0 while it waits.</summary>
    public long QuietAt(long now)
    {
        lock (_gate)
        {
            return Math.Max(0, now - SilentSince);
        }
    }

    /// <summary>Whether it waits, as it has said it would.</summary>
    public bool IsWaitingAt(long now) => _waits.Until > now;

    /// <summary>Looks at the clock.</summary>
    public RunVerdict Judge(long now, RunLimits limits)
    {
        lock (_gate)
        {
            return !HasBegun || HasEnded || now < VerdictAt(limits) ? RunVerdict.None : IsStalled ? RunVerdict.End : RunVerdict.Stall;
        }
    }

    /// <summary>It was called stalled, having been heard of last at a time.</summary>
    public void OnStalled(long heardAt) => Volatile.Write(ref _stalledSince, heardAt);

    /// <summary>When there is something to be seen at the earliest, if nothing happens until then.</summary>
    public long NextLook(long now, RunLimits limits)
    {
        lock (_gate)
        {
            if (!HasBegun || HasEnded)
            {
                return Never;
            }

            // The rest of a wait does not count as the tool's.
            var stuckAt = _order.OldestSince() is { } since
                ? Math.Max(now, _waits.Until) + Math.Max(0, since + limits.StuckToolAfter.Ticks - _waits.WorkingAt(now))
                : Never;
            return Math.Min(VerdictAt(limits), stuckAt);
        }
    }

    /// <summary>The open tools that run for longer than they may, each with for how long; none while the run waits.</summary>
    /// <param name="now">The clock.</param>
    /// <param name="limits">What they may.</param>
    public IReadOnlyList<(OpenTool Tool, TimeSpan Running)> FindStuck(long now, RunLimits limits)
    {
        lock (_gate)
        {
            var working = _waits.WorkingAt(now);
            if (HasEnded || _waits.Until > now)
            {
                return [];
            }

            var stuck = _order.FindStuck(working, limits.StuckToolAfter.Ticks);
            return [.. stuck.Select(tool => (tool, TimeSpan.FromTicks(working - tool.Since)))];
        }
    }

    /// <summary>The server is about to end a tool's call, since its result is too large.</summary>
    /// <returns>Whether pages may show it as running.</returns>
    public bool TryEndTool(in EventSubject call)
    {
        lock (_gate)
        {
            return HasBegun && !HasEnded && _order.TryEndByServer(call);
        }
    }

    /// <summary>Whether a tool is open that was reported as stuck.</summary>
    public bool HasReportedTools()
    {
        lock (_gate)
        {
            return !HasEnded && _order.HasReported;
        }
    }

    private void ForgetQuestionsBefore(int attempt)
    {
        foreach (var question in _questions?.Values.Where(open => open.Question.Attempt < attempt).ToArray() ?? [])
        {
            _questions!.Remove(question.Question.RequestId);
        }
    }

    private long AskedUntil() => _questions is { Count: > 0 } open ? open.Values.Max(static question => question.KeptUntil) : 0;

    private bool IsPresent(PublisherAttempt publisher) => publisher.Latest >= _attempt;

    private bool AnyPresent(List<PublisherAttempt>? publishers) => publishers is { Count: > 0 } && publishers.Exists(IsPresent);

    private long SilentSince => Math.Max(Volatile.Read(ref _heardAt), _waits.Until);

    // When the silence calls for the next verdict.
    private long VerdictAt(RunLimits limits)
    {
        if (AnyPresent(_delegations))
        {
            return Never;
        }

        var (lease, silence) = (LeaseOr(limits), limits.MaxSilence.Ticks);
        if (AnyPresent(_requests))
        {
            // Its publisher is connected, and it goes on. That nothing at all comes for so long is worth one stall.
            return IsStalled ? Never : SilentSince + Math.Max(lease, silence);
        }

        if (IsStalled)
        {
            return SilentSince + (_lease > 0 ? 2 * _lease : silence);
        }

        return SilentSince + (Volatile.Read(ref _isBroken) ? Math.Min(lease, limits.BrokenRequestLease.Ticks) : lease);
    }
}
