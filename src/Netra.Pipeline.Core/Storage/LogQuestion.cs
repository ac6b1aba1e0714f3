using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Storage;

/// <summary>What a run has asked, as it stands: <c>run_waiting</c>, and <c>run_resumed</c> where it has come. Immutable.</summary>
/// <param name="RequestId">Its id, unique in its run.</param>
/// <param name="Kind">What it asks for.</param>
/// <param name="Prompt">The words.</param>
public sealed record LogQuestion(string RequestId, RequestKind Kind, string Prompt)
{
    /// <summary>The number of the <c>run_waiting</c> that asked it last.</summary>
    public long Seq { get; init; }

    /// <summary>What may be chosen; empty for all kinds but <see cref="RequestKind.Choice"/>.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Until when an answer is of use; null when nothing was said.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The tool call that waits, if one does.</summary>
    public string? CallId { get; init; }

    /// <summary>The run's attempt that asked it last, from 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>When it was asked last.</summary>
    public DateTimeOffset AskedAt { get; init; }

    /// <summary>The answer; null while there is none.</summary>
    public LogAnswer? Answer { get; init; }
}

/// <summary>The one answer to what a run has asked.</summary>
/// <param name="Seq">The number of its <c>run_resumed</c>.</param>
/// <param name="Value">The value: one JSON value in UTF-8.</param>
/// <param name="By">Who answered.</param>
public sealed record LogAnswer(long Seq, ReadOnlyMemory<byte> Value, string By);
