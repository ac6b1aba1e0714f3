namespace Netra.Pipeline.Storage;

/// <summary>The exclusive right to number one user's events, and where their stream stood when it was granted.</summary>
public class StreamLease
{
    private const long Jump = 1L << 20;
    private volatile bool _acknowledgementsChanged;

    /// <summary>The user.</summary>
    public required string UserId { get; init; }

    /// <summary>The stream's own number, random and never reused: event ids are made of it.</summary>
    public required ulong StreamId { get; init; }

    /// <summary>The last number given or skipped, 0 for a new stream.</summary>
    public required long Head { get; init; }

    /// <summary>
    /// The highest number that retention has deleted; everything above it up to <see cref="Head"/> is kept, or was skipped.
    /// </summary>
    public required long ExpiredThrough { get; init; }

    /// <summary>The numbers above <see cref="ExpiredThrough"/> that were skipped after unclean ends; in order.</summary>
    public IReadOnlyList<SeqRange> Skipped { get; init; } = [];

    /// <summary>What was acknowledged before.</summary>
    public required IReadOnlyList<SeqRange> Acknowledged { get; init; }

    /// <summary>The numbers above <see cref="ExpiredThrough"/> that are dead letters; in order.</summary>
    public IReadOnlyList<long> DeadLettered { get; init; } = [];

    /// <summary>How many events are kept, by the log's own count.</summary>
    public long Kept { get; init; }

    /// <summary>What became of the stream's events so far.</summary>
    public StreamAccount Account { get; init; }

    /// <summary>Grows with every lease of the stream, so that a late writer of an older lease can be refused.</summary>
    public required long FencingToken { get; init; }

    /// <summary>The head of a stream that goes on after numbers up to one may have been given to others.</summary>
    internal static long After(long head) => head + Jump;

    /// <summary>Set by the owner when it has acknowledged something, taken back by the log when it has asked for it. Volatile.</summary>
    public bool AcknowledgementsChanged { get => _acknowledgementsChanged; set => _acknowledgementsChanged = value; }
}
