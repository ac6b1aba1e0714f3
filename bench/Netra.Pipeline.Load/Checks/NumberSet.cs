namespace Netra.Pipeline.Load.Checks;

/// <summary>
/// Numbers as ranges: what comes in order takes no more room than its ends. One call at a time.
/// </summary>
internal sealed class NumberSet
{
    private readonly List<(long From, long To)> _ranges = [];

    /// <summary>How many there are.</summary>
    public long Count { get; private set; }

    /// <summary>The ranges, in order; between two of them at least one number is missing.</summary>
    public IReadOnlyList<(long From, long To)> Ranges => _ranges;

    /// <summary>Whether a number is in it.</summary>
    public bool Contains(long number) => Find(number) is var index && index < _ranges.Count && _ranges[index].From <= number;

    /// <summary>Adds a number.</summary>
    /// <returns>False when it is in it already.</returns>
    public bool Add(long number)
    {
        // Nearly always the next one.
        if (_ranges is [.., var last] && number == last.To + 1)
        {
            _ranges[^1] = (last.From, number);
            Count++;
            return true;
        }

        var index = Find(number);
        if (index < _ranges.Count && _ranges[index].From <= number)
        {
            return false;
        }

        Count++;
        var followsOn = index > 0 && _ranges[index - 1].To == number - 1;
        var goesOn = index < _ranges.Count && _ranges[index].From == number + 1;
        switch (followsOn, goesOn)
        {
            case (true, true):
                _ranges[index - 1] = (_ranges[index - 1].From, _ranges[index].To);
                _ranges.RemoveAt(index);
                break;
            case (true, false):
                _ranges[index - 1] = (_ranges[index - 1].From, number);
                break;
            case (false, true):
                _ranges[index] = (number, _ranges[index].To);
                break;
            default:
                _ranges.Insert(index, (number, number));
                break;
        }

        return true;
    }

    /// <summary>The ranges of this set that are not in another one.</summary>
    public IEnumerable<(long From, long To)> Without(NumberSet other) => _ranges.SelectMany(range => other.Outside(range.From, range.To));

    /// <summary>The parts of a range that are not in this set.</summary>
    public IEnumerable<(long From, long To)> Outside(long from, long to)
    {
        for (var index = Find(from); index < _ranges.Count && _ranges[index].From <= to; index++)
        {
            if (from < _ranges[index].From)
            {
                yield return (from, _ranges[index].From - 1);
            }

            from = _ranges[index].To + 1;
        }

        if (from <= to)
        {
            yield return (from, to);
        }
    }

    // The first range that ends at a number or above it.
    private int Find(long number)
    {
        var (low, high) = (0, _ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _ranges[middle].To < number ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
