using System.Globalization;
using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Load.Checks;

/// <summary>
/// Everything that is wrong in a run: all of it is counted, the first of each kind are kept with what was seen. Safe for any thread.
/// </summary>
internal sealed class Findings
{
    private const int KeptOfAKind = 20;

    private static readonly FindingKind[] Kinds = Enum.GetValues<FindingKind>();
    private readonly Lock _gate = new();
    private readonly List<Finding>[] _kept = [.. Kinds.Select(static _ => new List<Finding>())];
    private readonly long[] _counts = new long[Kinds.Length];
    private readonly long _begun = MonotonicClock.Now;

    /// <summary>How often something of a kind was found.</summary>
    public long this[FindingKind kind] => Volatile.Read(ref _counts[(int)kind]);

    /// <summary>Whether anything was found.</summary>
    public bool Any => Kinds.Any(kind => this[kind] > 0);

    /// <summary>The first of each kind.</summary>
    public IReadOnlyList<Finding> Kept
    {
        get
        {
            lock (_gate)
            {
                return [.. _kept.SelectMany(static kept => kept)];
            }
        }
    }

    /// <summary>Counts something that is wrong.</summary>
    /// <param name="kind">What.</param>
    /// <param name="where">Whom it happened to.</param>
    /// <param name="detail">What was seen.</param>
    /// <param name="count">How many events it concerns.</param>
    public void Add(FindingKind kind, string where, string detail, long count = 1)
    {
        lock (_gate)
        {
            _counts[(int)kind] += count;
            if (_kept[(int)kind] is { Count: < KeptOfAKind } kept)
            {
                kept.Add(new Finding(kind, where, detail));
            }
        }
    }

    /// <summary>A time since the beginning of the run, for people.</summary>
    public string At(long time) => string.Create(CultureInfo.InvariantCulture, $"+{(time - _begun) / 1e9:F3} s");
}
