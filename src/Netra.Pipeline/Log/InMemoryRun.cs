using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Log;

/// <summary>What the in-memory log counts of one run. Guarded by its stream's lock.</summary>
internal sealed class InMemoryRun(LogRun run)
{
    private long _events = run.Events;
    private long _firstSeq = run.FirstSeq;
    private long _terminalSeq = run.TerminalSeq;

    public long LastSeq { get; private set; } = run.LastSeq;

    public bool IsOpen => _terminalSeq == 0;

    public void Count(long seq, EventType type)
    {
        _events++;
        _firstSeq = _firstSeq == 0 ? seq : _firstSeq;
        LastSeq = seq;
        _terminalSeq = EventTypes.IsTerminal(type) ? seq : _terminalSeq;
    }

    public LogRun ToLogRun() => new(run.ThreadId, run.RunId, run.IsEmbedded, run.AgentName)
    {
        Events = _events,
        FirstSeq = _firstSeq,
        LastSeq = LastSeq,
        TerminalSeq = _terminalSeq,
    };

    public OpenRun ToOpenRun(string userId) => new(userId, run.ThreadId, run.RunId, run.AgentName, run.IsEmbedded);
}
