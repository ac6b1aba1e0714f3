using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Runs;

/// <summary>
/// The life of one run: begun, quiet, waiting, stalled, ended; its lease; and its publishers. A state machine on the times it is given, in
/// ticks of the <see cref="RunClock"/>.
/// </summary>
/// <remarks>
/// <para>A run is silent since it was heard of last, or since the end of its wait, whichever is later. A silence longer than its lease is a
/// stall, and a much longer one its end. A request that breaks off may bring the stall early, and nothing else; any sign of life takes that
/// back.</para>
/// <para>Safe from any thread. A token costs one volatile write and three reads (<see cref="OnToken"/>); everything else takes the lock.
/// Two events that are emitted at the same time have no order of their own, and may be seen in either.</para>
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
    private int _requests;
    private int _delegations;

    public RunKey Key => key;

    /// <summary>The agent, once it is known.</summary>
    public string? AgentName { get; private set; }

    /// <summary>Whether it has an event.</summary>
    public bool HasBegun { get; private set; }

    public bool HasEnded { get; private set; }

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

    /// <summary>When it is looked at next. Guarded by the registry, but read from any thread.</summary>
    public long LookAt { get; set; } = Never;

    /// <summary>Takes up a run that has events of the last process, or of another node.</summary>
    /// <param name="agentName">The agent, if it is known.</param>
    /// <param name="lease">Its own lease, in ticks; 0 for none.</param>
    /// <param name="waiting">For how long it waits still, in ticks.</param>
    /// <param name="now">The clock.</param>
    public void Adopt(string? agentName, long lease, long waiting, long now)
    {
        lock (_gate)
        {
            _order.BecomePartial();
            (AgentName, _lease, HasBegun) = (agentName, lease, true);
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

    /// <summary>A token, or an event of the application's own, was accepted.</summary>
    /// <returns>Whether it must be looked at sooner than before.</returns>
    public bool OnToken(long now)
    {
        Hear(now);
        if (HasBegun && _waits.Until == 0)
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
    public FlowViolation OnEvent(EventType type, in EventSubject subject, long now)
    {
        lock (_gate)
        {
            _waits.End(now);
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
            if (until > Math.Max(now, _waits.Until))
            {
                _waits.Begin(now, until);
            }
        }
    }

    /// <summary>A request that stays open publishes to it: as long as it does, its publisher is there.</summary>
    public void BeginRequest(long now)
    {
        lock (_gate)
        {
            _requests++;
            Hear(now);
        }
    }

    /// <summary>A request that published to it has ended.</summary>
    /// <param name="now">The clock.</param>
    /// <param name="isBroken">Whether it ended in the middle.</param>
    public void EndRequest(long now, bool isBroken)
    {
        lock (_gate)
        {
            // Until now its publisher was there; another request's publisher is there still.
            _requests--;
            Hear(now);
            Volatile.Write(ref _isBroken, isBroken && _requests == 0);
        }
    }

    /// <summary>It has delegated to another run, which is heard of in its place.</summary>
    public void BeginDelegation(long now)
    {
        lock (_gate)
        {
            _delegations++;
            Hear(now);
        }
    }

    /// <summary>The other run is over.</summary>
    public void EndDelegation(long now)
    {
        lock (_gate)
        {
            _delegations--;
            Hear(now);
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

    /// <summary>Whether a tool is open that was reported as stuck.</summary>
    public bool HasReportedTools()
    {
        lock (_gate)
        {
            return !HasEnded && _order.HasReported;
        }
    }

    private long SilentSince => Math.Max(Volatile.Read(ref _heardAt), _waits.Until);

    // When the silence calls for the next verdict.
    private long VerdictAt(RunLimits limits)
    {
        if (_delegations > 0)
        {
            return Never;
        }

        var (lease, silence) = (LeaseOr(limits), limits.MaxSilence.Ticks);
        if (_requests > 0)
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
