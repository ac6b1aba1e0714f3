namespace Netra.Pipeline.Storage;

/// <summary>
/// A run as the log knows it: one object for all events of the run under one lease, made by the stream's owner or found by
/// <see cref="IEventLog.FindRunAsync"/>.
/// </summary>
/// <param name="threadId">The run's thread.</param>
/// <param name="runId">The run.</param>
/// <param name="isEmbedded">Whether it runs in this process, so that it cannot outlive it.</param>
/// <param name="agentName">The agent that runs, if it is known.</param>
public sealed class LogRun(string threadId, string runId, bool isEmbedded, string? agentName)
{
    /// <summary>The run's thread.</summary>
    public string ThreadId { get; } = threadId;

    /// <summary>The run.</summary>
    public string RunId { get; } = runId;

    /// <summary>Whether it runs in the process that emits it, and ends with it.</summary>
    public bool IsEmbedded { get; } = isEmbedded;

    /// <summary>The agent that runs, if it is known.</summary>
    public string? AgentName { get; } = agentName;

    /// <summary>For how long it may say nothing, as it had declared when it was found; null when it had declared nothing.</summary>
    public TimeSpan? Lease { get; init; }

    /// <summary>Until when it waited, as it had said when it was found; null when it did not wait.</summary>
    public DateTimeOffset? WaitingUntil { get; init; }

    /// <summary>
    /// Who had published to it last from outside of the process when it was found; empty for who is not authenticated, null for nobody.
    /// </summary>
    public string? Publisher { get; init; }

    /// <summary>The attempt that had begun last when it was found; from 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>What it had asked when it was found, answered or not.</summary>
    public IReadOnlyList<LogQuestion> Questions { get; init; } = [];

    /// <summary>How many events that attempt had when it was found; 0 for a new one.</summary>
    public long Events { get; init; }

    /// <summary>The number of the attempt's first event when it was found; 0 for a new one.</summary>
    public long FirstSeq { get; init; }

    /// <summary>The number of its last event when it was found; 0 for a new one.</summary>
    public long LastSeq { get; init; }

    /// <summary>The number of its terminal event when it was found; 0 while it is open.</summary>
    public long TerminalSeq { get; init; }
}

/// <summary>A run that has begun and not ended.</summary>
/// <param name="UserId">Whose it is.</param>
/// <param name="ThreadId">The run's thread.</param>
/// <param name="RunId">The run.</param>
/// <param name="AgentName">The agent that ran, if it is known.</param>
/// <param name="IsEmbedded">Whether it ran in the process that emitted it, and has ended with it.</param>
public sealed record OpenRun(string UserId, string ThreadId, string RunId, string? AgentName, bool IsEmbedded)
{
    /// <summary>For how long it may say nothing, as it has declared; null when it has declared nothing.</summary>
    public TimeSpan? Lease { get; init; }

    /// <summary>Until when it waits, as it has said; null when it does not wait.</summary>
    public DateTimeOffset? WaitingUntil { get; init; }

    /// <summary>The attempt that has begun last; from 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>What its agent was asked, as it has declared; null for one that no other process can start again.</summary>
    public ReadOnlyMemory<byte>? Input { get; init; }

    /// <summary>The number of its last event.</summary>
    public long LastSeq { get; init; }

    /// <summary>What it has asked, answered or not.</summary>
    public IReadOnlyList<LogQuestion> Questions { get; init; } = [];

    /// <summary>Who has published to it last from outside of the process; as <see cref="LogRun.Publisher"/>.</summary>
    public string? Publisher { get; init; }
}
