using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Storage;

/// <summary>What the in-memory log knows of one run. Guarded by its stream's lock.</summary>
internal sealed class InMemoryRun(LogRun run)
{
    private int _attempt = run.Attempt;
    private long _events = run.Events;
    private long _firstSeq = run.FirstSeq;
    private long _terminalSeq = run.TerminalSeq;
    private string? _agentName = run.AgentName;
    private TimeSpan? _lease = run.Lease;
    private DateTimeOffset? _waitingUntil = run.WaitingUntil;

    public long LastSeq { get; private set; } = run.LastSeq;

    public bool IsOpen => _terminalSeq == 0;

    public void Count(in LogEntry entry)
    {
        if (entry.Attempt > _attempt)
        {
            (_attempt, _events, _firstSeq) = (entry.Attempt, 0, 0);
        }

        _events++;
        _firstSeq = _firstSeq == 0 ? entry.Seq : _firstSeq;
        LastSeq = entry.Seq;
        _terminalSeq = EventTypes.IsTerminal(entry.Type) ? entry.Seq : _terminalSeq;
        _waitingUntil = null;
        if (entry.Declared is { } declared)
        {
            (_agentName, _lease) = (declared.AgentName ?? _agentName, declared.Lease > TimeSpan.Zero ? declared.Lease : null);
        }
    }

    public void Wait(DateTimeOffset until) => _waitingUntil = IsOpen ? until : null;

    public LogRun ToLogRun() => new(run.ThreadId, run.RunId, run.IsEmbedded, _agentName)
    {
        Lease = _lease,
        WaitingUntil = _waitingUntil,
        Attempt = _attempt,
        Events = _events,
        FirstSeq = _firstSeq,
        LastSeq = LastSeq,
        TerminalSeq = _terminalSeq,
    };

    public OpenRun ToOpenRun(string userId) => new(userId, run.ThreadId, run.RunId, _agentName, run.IsEmbedded)
    {
        Lease = _lease,
        WaitingUntil = _waitingUntil,
        Attempt = _attempt,
    };
}

/// <summary>What the in-memory log keeps of an event.</summary>
internal readonly record struct InMemoryEvent(EventType Type, DateTimeOffset AcceptedAt, byte[] Buffer, string? ThreadId);
