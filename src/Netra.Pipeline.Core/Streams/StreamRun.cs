using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>A stream's state of one run. Guarded by the stream's lock.</summary>
internal sealed class StreamRun(LogRun run)
{
    private RunDeclaration? _declared;
    private DateTimeOffset? _waitingUntil = run.WaitingUntil;

    public string ThreadId => Logged.ThreadId;

    public string RunId => Logged.RunId;

    /// <summary>The run as the log knew it when it was found.</summary>
    public LogRun Logged { get; } = run;

    /// <summary>How many events the run has.</summary>
    public long Events { get; private set; } = run.Events;

    /// <summary>The number of the run's first event; 0 while it has none.</summary>
    public long FirstSeq { get; private set; } = run.FirstSeq;

    /// <summary>The number of the run's terminal event; 0 while it is open.</summary>
    public long TerminalSeq { get; private set; } = run.TerminalSeq;

    /// <summary>The number of the run's last event.</summary>
    public long LastSeq { get; private set; } = run.LastSeq;

    /// <summary>How many emitters hold the run; it is not forgotten before they are gone.</summary>
    public int Emitters { get; set; }

    public bool HasEnded => TerminalSeq != 0;

    /// <summary>The run's summary if its terminal event gets this number.</summary>
    public RunSummary SummaryAt(long seq) => new(Events + 1, FirstSeq == 0 ? seq : FirstSeq, seq);

    /// <summary>The run's present state, with what it has declared since it was found.</summary>
    public LogRun Now => new(ThreadId, RunId, Logged.IsEmbedded, _declared?.AgentName ?? Logged.AgentName)
    {
        Events = Events,
        FirstSeq = FirstSeq,
        LastSeq = LastSeq,
        TerminalSeq = TerminalSeq,
        Lease = _declared is null ? Logged.Lease : _declared.Lease > TimeSpan.Zero ? _declared.Lease : null,
        WaitingUntil = _waitingUntil,
    };

    /// <summary>The run waits, until its next event.</summary>
    public void Wait(DateTimeOffset until) => _waitingUntil = until;

    public void Count(long seq, bool isTerminal, RunDeclaration? declared = null)
    {
        (_declared, _waitingUntil) = (declared ?? _declared, null);
        Events++;
        FirstSeq = FirstSeq == 0 ? seq : FirstSeq;
        LastSeq = seq;
        TerminalSeq = isTerminal ? seq : 0;
    }
}
