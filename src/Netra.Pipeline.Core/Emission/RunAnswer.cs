using System.Text.Json;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Emission;

/// <summary>What became of a question: its answer, or that none came in time. Immutable.</summary>
public sealed record RunAnswer
{
    private RunAnswer(JsonElement value, string? by, long? seq) => (Value, By, Seq) = (value, by, seq);

    /// <summary>Whether there is an answer; false when none came in time.</summary>
    public bool IsAnswered => Seq is not null;

    /// <summary>The value, of the kind that was asked for; undefined without an answer.</summary>
    public JsonElement Value { get; }

    /// <summary>Who answered; null without an answer.</summary>
    public string? By { get; }

    /// <summary>The number of the <c>run_resumed</c> that the answer is; null without an answer.</summary>
    public long? Seq { get; }

    /// <summary>Whether somebody has said yes to an approval.</summary>
    public bool IsApproved => Value.ValueKind == JsonValueKind.True;

    /// <summary>The text that was written or chosen; null for other kinds, and without an answer.</summary>
    public string? Text => Value.ValueKind == JsonValueKind.String ? Value.GetString() : null;

    /// <summary>None came in time.</summary>
    internal static RunAnswer None { get; } = new(default, by: null, seq: null);

    internal static RunAnswer Of(LogAnswer answer) => new(JsonElement.Parse(answer.Value.Span), answer.By, answer.Seq);
}
