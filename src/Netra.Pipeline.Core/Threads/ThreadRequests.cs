namespace Netra.Pipeline.Threads;

/// <summary>What the threads of a user wait for.</summary>
internal static class ThreadRequests
{
    /// <summary>The open requests of a thread, the oldest first.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="threadId">The thread.</param>
    public static IReadOnlyList<ThreadWaiting> Of(string userId, string threadId) => [];
}

/// <summary>A request that waits for a person, as the list of threads shows it (docs/protocol.md, section 9.12).</summary>
/// <param name="RunId">The run that asked.</param>
/// <param name="RequestId">The request.</param>
/// <param name="Kind">Its kind, as on the wire.</param>
/// <param name="Prompt">What is asked.</param>
/// <param name="Options">The JSON of what may be chosen, as the run has given it; empty for none.</param>
/// <param name="Until">Until when an answer is wanted; null for no end.</param>
/// <param name="Since">When it was asked.</param>
internal sealed record ThreadWaiting(
    string RunId,
    string RequestId,
    string Kind,
    string Prompt,
    ReadOnlyMemory<byte> Options,
    DateTimeOffset? Until,
    DateTimeOffset Since);
