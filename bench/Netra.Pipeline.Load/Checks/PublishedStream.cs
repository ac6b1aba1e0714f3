namespace Netra.Pipeline.Load.Checks;

/// <summary>
/// What was published for one user: each event's place, what its receipt said, and as what it came. An event is forgotten when receipt and
/// event agree, so that a long run holds only what is under way. Safe for any thread.
/// </summary>
/// <param name="userId">Whose.</param>
/// <param name="findings">Who is told.</param>
internal sealed class PublishedStream(string userId, Findings findings)
{
    private readonly Lock _gate = new();
    private Entry[] _entries = new Entry[2];
    private long _first;
    private long _next;

    /// <summary>Whose it is.</summary>
    public string UserId => userId;

    /// <summary>Whether a page reads it; without one the receipts alone are checked.</summary>
    public bool IsRead { get; init; } = true;

    /// <summary>How many events were published.</summary>
    public long Published => Volatile.Read(ref _next);

    /// <summary>The highest number of a receipt.</summary>
    public long LastSeq { get; private set; }

    /// <summary>How many events have receipts.</summary>
    public long Accepted { get; private set; }

    /// <summary>How many events were refused.</summary>
    public long Refused { get; private set; }

    /// <summary>How many accepted events have not come yet, to any page.</summary>
    public bool IsComplete
    {
        get
        {
            lock (_gate)
            {
                for (var place = _first; place < _next; place++)
                {
                    if (this[place] is { ReceiptSeq: > 0, DeliveredSeq: 0 })
                    {
                        return false;
                    }
                }

                return true;
            }
        }
    }

    private ref Entry this[long place] => ref _entries[place & (_entries.Length - 1)];

    /// <summary>An event is about to be published.</summary>
    /// <param name="now">When.</param>
    /// <returns>Its place among the user's, from 0.</returns>
    public long Publish(long now)
    {
        lock (_gate)
        {
            if (_next - _first == _entries.Length)
            {
                var longer = new Entry[_entries.Length * 2];
                for (var place = _first; place < _next; place++)
                {
                    longer[place & (longer.Length - 1)] = this[place];
                }

                _entries = longer;
            }

            this[_next] = new Entry { PublishedAt = now };
            return _next++;
        }
    }

    /// <summary>An event has a receipt.</summary>
    public void Accept(long place, long seq)
    {
        lock (_gate)
        {
            Accepted++;
            if (seq <= LastSeq)
            {
                findings.Add(
                    FindingKind.WrongReceipt, userId, $"event {place} has number {seq} in its receipt, an earlier one had {LastSeq}");
            }

            LastSeq = Math.Max(LastSeq, seq);
            if (place < _first)
            {
                findings.Add(FindingKind.WrongReceipt, userId, $"event {place} has a second receipt, with number {seq}");
                return;
            }

            ref var entry = ref this[place];
            entry.ReceiptSeq = seq;
            Compare(place, entry);
            Forget();
        }
    }

    /// <summary>An event was refused: it must not come.</summary>
    public void Refuse(long place, string code)
    {
        lock (_gate)
        {
            Refused++;
            if (place >= _first)
            {
                ref var entry = ref this[place];
                entry.RefusedWith = code;
                Compare(place, entry);
                Forget();
            }
        }
    }

    /// <summary>An event has come to a page, for the first time there.</summary>
    public void Deliver(long place, long seq, string where)
    {
        lock (_gate)
        {
            if (place >= _next || place < 0)
            {
                findings.Add(FindingKind.WrongContent, where, $"number {seq} has the content of event {place}; {_next} were published");
            }
            else if (place >= _first)
            {
                ref var entry = ref this[place];
                if (entry.DeliveredSeq != 0 && entry.DeliveredSeq != seq)
                {
                    findings.Add(
                        FindingKind.WrongContent,
                        where,
                        $"number {seq} has the content of event {place}, which came as {entry.DeliveredSeq}");
                }

                entry.DeliveredSeq = seq;
                Compare(place, entry);
                Forget();
            }
        }
    }

    /// <summary>Nothing more comes: says what has a receipt and did not come.</summary>
    /// <param name="page">The numbers that came to the user's page.</param>
    public void Complete(NumberCheck page)
    {
        lock (_gate)
        {
            for (var place = _first; place < _next; place++)
            {
                // What lies above the cursor, the page has told already.
                if (this[place] is { ReceiptSeq: > 0, DeliveredSeq: 0 } entry && entry.ReceiptSeq <= page.Cursor)
                {
                    var gap = page.Gaps.FirstOrDefault(gap => gap.From <= entry.ReceiptSeq && entry.ReceiptSeq <= gap.To);
                    findings.Add(
                        FindingKind.Lost,
                        userId,
                        $"event {place}, published {findings.At(entry.PublishedAt)}, has a receipt with number {entry.ReceiptSeq} "
                        + "and did not come"
                        + (gap is null ? string.Empty : $"; a gap says {gap.Cause} for {gap.From} to {gap.To}"));
                }
            }
        }
    }

    private void Compare(long place, in Entry entry)
    {
        if (entry is { ReceiptSeq: > 0, DeliveredSeq: > 0 } && entry.ReceiptSeq != entry.DeliveredSeq)
        {
            findings.Add(
                FindingKind.WrongReceipt,
                userId,
                $"event {place}, published {findings.At(entry.PublishedAt)}, has number {entry.ReceiptSeq} in its receipt and came as "
                + $"{entry.DeliveredSeq}");
        }
        else if (entry is { RefusedWith: not null, DeliveredSeq: > 0 })
        {
            findings.Add(
                FindingKind.WrongReceipt,
                userId,
                $"event {place}, published {findings.At(entry.PublishedAt)}, was refused with {entry.RefusedWith} and came as "
                + $"{entry.DeliveredSeq}");
        }
    }

    private void Forget()
    {
        while (_first < _next && this[_first] is { ReceiptSeq: > 0 } entry && (entry.DeliveredSeq > 0 || !IsRead))
        {
            this[_first++] = default;
        }
    }

    private struct Entry
    {
        public long PublishedAt;
        public long ReceiptSeq;
        public long DeliveredSeq;
        public string? RefusedWith;
    }
}
