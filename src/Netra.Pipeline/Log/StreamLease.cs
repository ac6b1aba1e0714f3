namespace Netra.Pipeline.Log;

/// <summary>The exclusive right to number one user's events, and where their stream stood when it was granted.</summary>
public class StreamLease
{
    /// <summary>The user.</summary>
    public required string UserId { get; init; }

    /// <summary>The stream's own number, random and never reused: event ids are made of it.</summary>
    public required ulong StreamId { get; init; }

    /// <summary>The last number given, 0 for a new stream.</summary>
    public required long Head { get; init; }

    /// <summary>The highest number that retention has deleted; everything above it up to <see cref="Head"/> is kept.</summary>
    public required long ExpiredThrough { get; init; }

    /// <summary>What was acknowledged before.</summary>
    public required IReadOnlyList<SeqRange> Acknowledged { get; init; }

    /// <summary>Grows with every lease of the stream, so that a late writer of an older lease can be refused.</summary>
    public required long FencingToken { get; init; }
}
