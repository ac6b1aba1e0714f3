namespace Netra.Pipeline.Tests.Client.Chaos;

/// <summary>What one reader has handled, in its order, and what it was told of numbers that are lost.</summary>
/// <param name="Name">Which reader.</param>
/// <param name="User">Whose events.</param>
/// <param name="Frames">What it has handled.</param>
/// <param name="Lost">The ranges that it was told will not come, of which nobody knows whether they were given.</param>
internal sealed record ChaosReading(
    string Name, string User, IReadOnlyList<ChaosFrame> Frames, IReadOnlyList<(long From, long To)> Lost)
{
    /// <summary>What is wrong with it, against all that is kept.</summary>
    /// <param name="kept">The key of each number that is kept.</param>
    public IEnumerable<string> Faults(IReadOnlyDictionary<long, string> kept)
    {
        var handled = new Dictionary<long, string>();
        var last = 0L;
        foreach (var frame in Frames)
        {
            if (frame.From <= last)
            {
                yield return $"{Name}: {frame.From} to {frame.To} after {last}";
            }

            if (frame.Keys.Count != frame.To - frame.From + 1)
            {
                yield return $"{Name}: {frame.From} to {frame.To} has {frame.Keys.Count} events";
            }

            last = frame.To;
            for (var i = 0; i < frame.Keys.Count; i++)
            {
                handled[frame.From + i] = frame.Keys[i];
            }
        }

        foreach (var (seq, key) in kept)
        {
            if (!handled.TryGetValue(seq, out var actual))
            {
                yield return $"{Name}: {seq} ({key}) was not handled";
            }
            else if (actual != key)
            {
                yield return $"{Name}: {seq} is {key}, and was handled as {actual}";
            }
        }

        // A number that a killed server had given and not stored was seen by some, and is told to be lost (docs/protocol.md, section 4.5).
        foreach (var seq in handled.Keys.Where(seq => !kept.ContainsKey(seq) && !Lost.Any(lost => lost.From <= seq && seq <= lost.To)))
        {
            if (!IsBeforeALoss(seq))
            {
                yield return $"{Name}: {seq} ({handled[seq]}) is not kept, and nobody told that it is lost";
            }
        }

        bool IsBeforeALoss(long seq) => Lost.Any(lost => lost.From > seq && !kept.Keys.Any(other => seq < other && other < lost.From));
    }
}
