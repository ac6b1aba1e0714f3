namespace Netra.Pipeline.Storage;

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
}
