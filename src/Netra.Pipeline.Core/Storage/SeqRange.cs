namespace Netra.Pipeline.Storage;

/// <summary>A range of event numbers, both ends inclusive.</summary>
/// <param name="From">The first number, 1 or above.</param>
/// <param name="To">The last number, not below <paramref name="From"/>.</param>
public readonly record struct SeqRange(long From, long To)
{
    /// <summary>How many numbers the range holds.</summary>
    public long Count => To - From + 1;
}
