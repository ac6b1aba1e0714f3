namespace Netra.Pipeline.Streams;

/// <summary>What a stream knows of one run. Guarded by the stream's lock.</summary>
internal sealed class RunState(string threadId, string runId)
{
    public string ThreadId { get; } = threadId;

    public string RunId { get; } = runId;

    /// <summary>The number of the run's terminal event; 0 while it is open.</summary>
    public long TerminalSeq { get; set; }

    /// <summary>The number of the run's last event.</summary>
    public long LastSeq { get; set; }

    /// <summary>How many emitters hold the run; it is not forgotten before they are gone.</summary>
    public int Emitters { get; set; }

    public bool HasEnded => TerminalSeq != 0;
}
