using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// The numbers of a stream's dead letters, and of those that a device has acknowledged after all (revived) and that wait to be settled.
/// Guarded by the stream's lock, but for <see cref="HasRevived"/>.
/// </summary>
internal sealed class DeadLetterNumbers(StreamLedger ledger, IEnumerable<long> known)
{
    private readonly SortedSet<long> _letters = [.. known];
    private List<long>? _revived;
    private int _hasRevived;

    public int Count => _letters.Count;

    /// <summary>Whether dead letters wait to be settled. May be read without the lock.</summary>
    public bool HasRevived => Volatile.Read(ref _hasRevived) != 0;

    public bool Contains(long seq) => _letters.Contains(seq);

    public void Add(long seq) => ledger.OnDeadLettered(_letters.Add(seq) ? 1 : 0);

    /// <summary>An event was confirmed while the log made a dead letter of it.</summary>
    public void AddRevived(long seq)
    {
        _revived ??= [];
        _revived.Add(seq);
        _hasRevived = _revived.Count;
    }

    /// <summary>A device has acknowledged a range.</summary>
    public void Revive(SeqRange confirmed)
    {
        if (_letters.Count == 0)
        {
            return;
        }

        long[] revived = [.. _letters.GetViewBetween(confirmed.From, confirmed.To)];
        foreach (var seq in revived)
        {
            _letters.Remove(seq);
            AddRevived(seq);
        }

        ledger.OnRevived(revived.Length);
    }

    /// <summary>Those that wait to be settled.</summary>
    public long[] ReadRevived() => _revived is null ? [] : [.. _revived];

    /// <summary>The first so many of those that waited are settled.</summary>
    public void OnSettled(int letters)
    {
        _revived?.RemoveRange(0, letters);
        _hasRevived = _revived?.Count ?? 0;
    }

    /// <summary>Retention has deleted the events up to a number.</summary>
    /// <returns>How many dead letters were among them.</returns>
    public int Forget(long through) => _letters.RemoveWhere(seq => seq <= through);
}
