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
    private string? _publisher = run.Publisher;
    private ReadOnlyMemory<byte>? _input;

    private readonly Dictionary<string, LogQuestion> _questions
        = run.Questions.ToDictionary(static question => question.RequestId, StringComparer.Ordinal);

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
        _waitingUntil = EventTypes.IsOfServer(entry.Type) ? _waitingUntil : null;
        if (entry.Question is { } question)
        {
            _questions[question.RequestId] = question;
        }

        _publisher = entry.Publisher ?? _publisher;
        if (entry.Declared is { } declared)
        {
            _input = declared.Input ?? _input;
            (_agentName, _lease) = (declared.AgentName ?? _agentName, declared.Lease > TimeSpan.Zero ? declared.Lease : null);
        }
    }

    public void Wait(DateTimeOffset until) => _waitingUntil = IsOpen ? until : null;

    /// <summary>Forgets what was asked by deleted events.</summary>
    public void Expire(long through)
    {
        foreach (var question in _questions.Values.Where(question => question.Seq <= through).ToArray())
        {
            _questions.Remove(question.RequestId);
        }
    }

    public LogRun ToLogRun() => new(run.ThreadId, run.RunId, run.IsEmbedded, _agentName)
    {
        Lease = _lease,
        WaitingUntil = _waitingUntil,
        Attempt = _attempt,
        Publisher = _publisher,
        Events = _events,
        FirstSeq = _firstSeq,
        LastSeq = LastSeq,
        TerminalSeq = _terminalSeq,
        Questions = [.. _questions.Values],
    };

    public OpenRun ToOpenRun(string userId) => new(userId, run.ThreadId, run.RunId, _agentName, run.IsEmbedded)
    {
        Lease = _lease,
        WaitingUntil = _waitingUntil,
        Attempt = _attempt,
        LastSeq = LastSeq,
        Questions = [.. _questions.Values],
        Input = _input,
        Publisher = _publisher,
    };
}

/// <summary>What the in-memory log keeps of an event.</summary>
internal readonly record struct InMemoryEvent(EventType Type, DateTimeOffset AcceptedAt, byte[] Buffer, string? ThreadId);
