namespace Netra.Pipeline.Storage;

/// <summary>
/// Items under consecutive numbers in a ring that grows by doubling: appended at the end, removed at the start, found by number in one
/// step. Not thread-safe; its owner's lock guards it. Bounding it is its owner's business too.
/// </summary>
internal sealed class SeqRing<T>
{
    private const int KeptCapacity = 64;
    private T[] _items = [];
    private int _start;

    /// <summary>The number of the oldest item; meaningless when empty.</summary>
    public long First { get; private set; }

    public int Count { get; private set; }

    public long Last => First + Count - 1;

    public T this[long seq] => Contains(seq)
        ? _items[Index(seq)]
        : throw new ArgumentOutOfRangeException(nameof(seq), seq, $"The ring holds {Count} items from {First} on.");

    public bool Contains(long seq) => Count > 0 && seq >= First && seq <= Last;

    public void Append(long seq, T item)
    {
        if (Count == 0)
        {
            First = seq;
        }
        else if (seq != Last + 1)
        {
            throw new ArgumentOutOfRangeException(nameof(seq), seq, $"The next number is {Last + 1}.");
        }

        if (Count == _items.Length)
        {
            Grow();
        }

        Count++;
        _items[Index(seq)] = item;
    }

    public T RemoveFirst()
    {
        var item = this[First];
        _items[_start] = default!;
        _start = (_start + 1) & (_items.Length - 1);
        First++;
        if (--Count == 0 && _items.Length > KeptCapacity)
        {
            // A burst that is over must not be paid for as long as the stream lives.
            (_items, _start) = ([], 0);
        }

        return item;
    }

    // The capacity is a power of two, so that wrapping is a mask.
    private int Index(long seq) => (_start + (int)(seq - First)) & (_items.Length - 1);

    private void Grow()
    {
        var items = new T[_items.Length == 0 ? 4 : _items.Length * 2];
        for (var i = 0; i < Count; i++)
        {
            items[i] = _items[(_start + i) & (_items.Length - 1)];
        }

        (_items, _start) = (items, 0);
    }
}
