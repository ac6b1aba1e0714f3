namespace Netra.Pipeline.Failures;

/// <summary>
/// Failures of which thousands may come in one round, one for each of as many runs: the first ones are told each, those after them as one
/// with their number. Safe from any thread; what it tells goes out without a lock.
/// </summary>
/// <param name="failures">Reports them.</param>
internal sealed class FailureAggregator(FailureReporter failures)
{
    /// <summary>How many of a code are told by themselves between two calls of <see cref="Tell"/>.</summary>
    public const int ToldAlone = 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<FailureCode, (int Count, Failure Last)> _counts = [];

    /// <summary>One more.</summary>
    public void Add(Failure failure)
    {
        lock (_gate)
        {
            var count = _counts.TryGetValue(failure.Code, out var before) ? before.Count + 1 : 1;
            _counts[failure.Code] = (count, failure);
            if (count > ToldAlone)
            {
                return;
            }
        }

        failures.Report(failure);
    }

    /// <summary>Tells of those that were not told by themselves. Called by a loop.</summary>
    public void Tell()
    {
        List<(int Count, Failure Last)> counts;
        lock (_gate)
        {
            if (_counts.Count == 0)
            {
                return;
            }

            counts = [.. _counts.Values];
            _counts.Clear();
        }

        foreach (var (count, last) in counts.Where(static counted => counted.Count > ToldAlone))
        {
            var more = count - ToldAlone;
            failures.Report(new Failure(last.Code, last.Operation, $"{more} more runs like those before; the last one: {last.Message}")
            {
                Count = more,
            });
        }
    }
}
