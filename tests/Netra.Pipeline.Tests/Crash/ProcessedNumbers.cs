namespace Netra.Pipeline.Tests.Crash;

/// <summary>
/// The numbers that a client is done with: everything up to a cursor, and ranges above it (docs/protocol.md, section 4.1).
/// </summary>
internal sealed class ProcessedNumbers(long cursor)
{
    // By their first number; none touches the cursor.
    private readonly SortedList<long, long> _above = [];

    public long Cursor { get; private set; } = cursor;

    public bool Contains(long seq)
        => seq <= Cursor || _above.Any(range => range.Key <= seq && seq <= range.Value);

    public void Add(long from, long to)
    {
        if (from > Cursor + 1)
        {
            _above[from] = Math.Max(to, _above.GetValueOrDefault(from));
            return;
        }

        Cursor = Math.Max(Cursor, to);
        while (_above.Count > 0 && _above.GetKeyAtIndex(0) <= Cursor + 1)
        {
            Cursor = Math.Max(Cursor, _above.GetValueAtIndex(0));
            _above.RemoveAt(0);
        }
    }
}
