using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Runs;

/// <summary>
/// How one run goes: the order of its lifecycle events, the tools that are open, and when it was last heard of. A state machine on the times it is given.
/// </summary>
/// <remarks>
/// Safe from any thread. A token costs one volatile write (<see cref="Touch"/>); a lifecycle event takes the lock, which guards everything else. Two events that are emitted at the same time have no order of their own, and
/// may be seen in either.
/// </remarks>
internal sealed class RunLife(RunKey key)
{
    // More open calls than this are not told apart: the monitor must not grow with a run that only ever begins tools.
    private const int MaxOpenTools = 256;

    private readonly Lock _gate = new();
    private Dictionary<string, OpenTool>? _tools;
    private long _heardAt;
    private long _lease;
    private long _waitingUntil;
    private bool _hasStarted;
    private bool _isPartial;
    private bool _isStalled;
    private int _holders;

    public RunKey Key => key;

    /// <summary>The agent, once it is known.</summary>
    public string? AgentName { get; private set; }

    /// <summary>Whether it has an event.</summary>
    public bool HasBegun { get; private set; }

    public bool HasEnded { get; private set; }

    /// <summary>When it began, in UTC ticks.</summary>
    public long BegunAt { get; private set; }

    /// <summary>Whether it was called stalled and has not spoken since.</summary>
    public bool IsStalled => Volatile.Read(ref _isStalled);

    /// <summary>How many emitters and requests have it in hand. Guarded by the monitor.</summary>
    public int Holders { get => _holders; set => _holders = value; }

    /// <summary>How many open requests renew its lease. Changed atomically.</summary>
    public int Renewers;

    /// <summary>Whether the run has said something, as far as anybody can know: one that the last process knew, or another node.</summary>
    /// <param name="agentName">The agent, if it is known.</param>
    /// <param name="now">UTC ticks.</param>
    public void Adopt(string? agentName, long now)
    {
        lock (_gate)
        {
            // Its tools were called before anybody here listened.
            (_isPartial, _hasStarted, AgentName) = (true, true, agentName);
            Begin(now);
        }
    }

    /// <summary>The run was found ended.</summary>
    public void End()
    {
        lock (_gate)
        {
            HasEnded = true;
        }
    }

    /// <summary>It has said something; no more than that.</summary>
    /// <param name="now">UTC ticks.</param>
    public void Touch(long now)
    {
        Volatile.Write(ref _heardAt, now);
        if (Volatile.Read(ref _waitingUntil) != 0)
        {
            Volatile.Write(ref _waitingUntil, 0);
        }

        if (!HasBegun)
        {
            lock (_gate)
            {
                Begin(now);
            }
        }
    }

    /// <summary>A lifecycle event was accepted.</summary>
    public FlowViolation OnEvent(EventType type, in EventSubject subject, long now)
    {
        lock (_gate)
        {
            var violation = Judge(type, subject, now);
            Begin(now);
            if (type != EventType.AgentStalled)
            {
                Volatile.Write(ref _heardAt, now);
                _waitingUntil = 0;
            }

            return violation;
        }
    }

    /// <summary>A sign of life without an event.</summary>
    /// <param name="now">UTC ticks.</param>
    /// <param name="until">Until when nothing is to be expected, in UTC ticks; 0 for a mere heartbeat.</param>
    public void Renew(long now, long until = 0)
    {
        Volatile.Write(ref _heardAt, now);
        Volatile.Write(ref _waitingUntil, until);
    }

    /// <summary>Whoever fed the run is gone: it has so long to be heard of again, unless its own lease is shorter.</summary>
    public void Shorten(long now, long lease)
    {
        lock (_gate)
        {
            _lease = _lease == 0 ? lease : Math.Min(_lease, lease);
            Volatile.Write(ref _heardAt, now);
        }
    }

    /// <summary>For how long it may say nothing, in ticks.</summary>
    public long LeaseOr(long usual) => Volatile.Read(ref _lease) is > 0 and var lease ? lease : usual;

    /// <summary>For how long it has said nothing, in ticks.</summary>
    public long QuietAt(long now) => Math.Max(0, now - Volatile.Read(ref _heardAt));

    /// <summary>Looks at the clock.</summary>
    /// <param name="now">UTC ticks.</param>
    /// <param name="usualLease">The lease of a run without its own, in ticks.</param>
    /// <param name="maxSilence">After which it is ended, in ticks.</param>
    public RunVerdict OnTick(long now, long usualLease, long maxSilence)
    {
        lock (_gate)
        {
            if (!HasBegun || HasEnded)
            {
                return RunVerdict.None;
            }

            // A waiting that is over begins the silence anew: nothing was to be heard before.
            if (_waitingUntil > now)
            {
                return RunVerdict.None;
            }

            var quiet = now - Math.Max(Volatile.Read(ref _heardAt), _waitingUntil);
            var lease = _lease > 0 ? _lease : usualLease;
            if (quiet >= lease && Volatile.Read(ref Renewers) > 0 && quiet < maxSilence)
            {
                // Whoever feeds it is connected still.
                return RunVerdict.None;
            }

            if (quiet < lease)
            {
                Volatile.Write(ref _isStalled, false);
                return RunVerdict.None;
            }

            var end = _lease > 0 ? Math.Min(2 * _lease, Math.Max(_lease, maxSilence)) : maxSilence;
            return _isStalled
                ? quiet >= end ? RunVerdict.End : RunVerdict.None
                : RunVerdict.Stall;
        }
    }

    /// <summary>It was called stalled.</summary>
    public void OnStalled() => Volatile.Write(ref _isStalled, true);

    /// <summary>The open tools that run for longer than a while, each with whether it is the first time that it is found.</summary>
    public IReadOnlyList<(OpenTool Tool, bool IsNew)> FindStuck(long now, long after)
    {
        lock (_gate)
        {
            if (_tools is null || _tools.Count == 0 || HasEnded)
            {
                return [];
            }

            var stuck = new List<(OpenTool, bool)>();
            foreach (var tool in _tools.Values.Where(tool => now - tool.Since >= after))
            {
                stuck.Add((tool, !tool.IsReported));
                tool.IsReported = true;
            }

            return stuck;
        }
    }

    private void Begin(long now)
    {
        if (!HasBegun)
        {
            (HasBegun, BegunAt) = (true, now);
            Volatile.Write(ref _heardAt, now);
        }
    }

    private FlowViolation Judge(EventType type, in EventSubject subject, long now)
    {
        switch (type)
        {
            case EventType.AgentStarted:
                var twice = _hasStarted && !_isPartial;
                (_hasStarted, AgentName) = (true, subject.Name);
                _lease = subject.Lease.Ticks;
                return twice ? FlowViolation.StartedTwice : FlowViolation.None;
            case EventType.ToolExecuting:
                return Require(OpenTool(subject, now));
            case EventType.ToolCompleted:
                return Require(CloseTool(subject));
            case EventType.AgentCompleted or EventType.AgentFailed or EventType.AgentCancelled:
                HasEnded = true;
                return Require(_tools is { Count: > 0 } && type == EventType.AgentCompleted ? FlowViolation.ToolNotCompleted : FlowViolation.None);
            case EventType.AgentThinking:
                return Require(FlowViolation.None);
            case EventType.AgentStalled or EventType.Token or EventType.Custom:
                return FlowViolation.None;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "not a defined event type");
        }
    }

    private FlowViolation Require(FlowViolation otherwise)
    {
        if (_hasStarted)
        {
            return otherwise;
        }

        // Said once: what follows does not get better.
        _hasStarted = true;
        return FlowViolation.NotStarted;
    }

    private FlowViolation OpenTool(in EventSubject subject, long now)
    {
        _tools ??= new Dictionary<string, OpenTool>(StringComparer.Ordinal);
        var tool = new OpenTool(subject.Name ?? "unknown", now);
        if (_tools.Count >= MaxOpenTools)
        {
            _isPartial = true;
            return FlowViolation.None;
        }

        if (subject.CallId is { } id)
        {
            return _tools.TryAdd(id, tool) ? FlowViolation.None : FlowViolation.CallIdInUse;
        }

        // Without ids, calls are paired by name, in order; several of one name may be open.
        var n = 0;
        while (!_tools.TryAdd($"{tool.Name}\0{n}", tool))
        {
            n++;
        }

        return FlowViolation.None;
    }

    private FlowViolation CloseTool(in EventSubject subject)
    {
        if (_tools is not null && (subject.CallId is { } id ? _tools.Remove(id) : RemoveOldest(subject.Name ?? "unknown")))
        {
            return FlowViolation.None;
        }

        return _isPartial ? FlowViolation.None : FlowViolation.ToolNotExecuting;
    }

    private bool RemoveOldest(string name)
    {
        var prefix = $"{name}\0";
        string? oldest = null;
        foreach (var (toolKey, tool) in _tools!)
        {
            if (toolKey.StartsWith(prefix, StringComparison.Ordinal) && (oldest is null || tool.Since < _tools[oldest].Since))
            {
                oldest = toolKey;
            }
        }

        return oldest is not null && _tools.Remove(oldest);
    }
}
