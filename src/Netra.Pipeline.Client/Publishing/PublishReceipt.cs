using System.Text.Json;

namespace Netra.Pipeline.Client.Publishing;

/// <summary>What the server has made of an event. It is stored.</summary>
/// <param name="Status">What.</param>
/// <param name="Id">The event's id; null for signs of life, which make none.</param>
/// <param name="Seq">Its number in its user's stream, from 1; 0 for signs of life.</param>
public sealed record PublishReceipt(PublishStatus Status, string? Id, long Seq)
{
    /// <summary>How long may pass until the next sign of life, where it was one.</summary>
    public TimeSpan? Lease { get; init; }

    /// <summary>The answer, where a question was asked again that has one.</summary>
    public JsonElement? Answer { get; init; }

    /// <summary>Who gave it.</summary>
    public string? AnsweredBy { get; init; }
}

/// <summary>What the server has made of an event. Closed.</summary>
public enum PublishStatus
{
    /// <summary>A device is connected, and has it in its queue.</summary>
    Queued,

    /// <summary>It is stored for later: nobody is connected.</summary>
    Stored,

    /// <summary>Every device that is connected, or some of them, will be caught up.</summary>
    Lagging,

    /// <summary>It was a sign of life, and the lease is renewed.</summary>
    Renewed,

    /// <summary>The question was asked before, and has no answer yet.</summary>
    Waiting,

    /// <summary>The question was asked before, and has an answer.</summary>
    Answered,

    /// <summary>A command is acknowledged.</summary>
    Acknowledged,
}
