using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Publishing;

/// <summary>One event as a publisher asked for it: well-formed JSON, its members of the right types, nothing more.</summary>
/// <param name="Target">Whose event it is.</param>
/// <param name="Type">The event's type; null when it is missing or unknown.</param>
/// <param name="HasType">Whether <c>type</c> was there.</param>
/// <param name="Data">The object under <c>data</c>, a slice of what was read; empty when it is missing.</param>
/// <param name="IdempotencyKey">The key under which it is published; null when it is missing.</param>
internal readonly record struct PublishRequest(PublishTarget Target, EventType? Type, bool HasType, ReadOnlyMemory<byte> Data, string? IdempotencyKey = null)
{
    private static readonly PublishTarget Nobody = new(null, null, null, null, null);

    /// <summary>Whether it is a sign of life instead of an event.</summary>
    public LifeSign LifeSign { get; init; }

    /// <summary>What is wrong with it; null for one that is well-formed. Of one that is not, only whom it names may be believed.</summary>
    public string? Problem { get; init; }

    /// <summary>One that names nobody.</summary>
    public static PublishRequest Malformed(string member, string problem)
        => new(Nobody, null, false, default) { Problem = ProblemOf(member, problem) };

    /// <summary>What is wrong, as its publisher is told.</summary>
    public static string ProblemOf(string member, string problem) => $"{EventPublisher.Operation} was refused: '{member}' {problem}";
}
