using System.Text.Json;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Threads;

/// <summary>What the threads of a user wait for. Safe from any thread.</summary>
internal sealed class ThreadRequests(RunRegistry runs)
{
    /// <summary>The open requests of a thread, the oldest first.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="thread">The thread, with its open runs.</param>
    public IReadOnlyList<ThreadWaiting> Of(string userId, ThreadSummary thread) =>
    [
        .. thread.OpenRuns.SelectMany(run => runs.QuestionsOf(new RunKey(userId, thread.ThreadId, run)).Select(open => Waiting(run, open)))
            .OrderBy(static waiting => waiting.Since),
    ];

    private static ThreadWaiting Waiting(string runId, OpenQuestion open)
    {
        var question = open.Question;
        return new ThreadWaiting(
            runId,
            question.RequestId,
            RequestKinds.WireName(question.Kind),
            question.Prompt,
            question.Options.Count == 0 ? default : JsonSerializer.SerializeToUtf8Bytes(question.Options),
            question.Until,
            question.AskedAt);
    }
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
