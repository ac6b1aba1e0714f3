using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Netra.Pipeline.Load.Checks;

/// <summary>
/// What was published for one user: each event's place, what its receipt said, and as what it came to which page. An event is forgotten
/// when receipt and event agree, so that a long run holds only what is under way. Safe for any thread.
/// </summary>
/// <param name="userId">Whose.</param>
/// <param name="name">Names the user in the texts of events.</param>
/// <param name="devices">How many pages the user has; without one, receipts alone are looked at.</param>
/// <param name="findings">Who is told.</param>
internal sealed class PublishedStream(string userId, string name, int devices, Findings findings)
{
    private const int MaxDoubts = 1_000;

    private readonly Lock _gate = new();
    private readonly byte[] _name = Encoding.UTF8.GetBytes(name);
    private readonly byte[]? _userJson = userId == name ? null : JsonEncodedText.Encode(userId).EncodedUtf8Bytes.ToArray();

    // Places by what became of them, for each page those that came, and the numbers that receipts name.
    private readonly NumberSet[] _came = devices == 0 ? [] : [.. Enumerable.Range(0, devices).Select(static _ => new NumberSet())];
    private readonly NumberSet _accepted = new();
    private readonly NumberSet _refused = new();
    private readonly NumberSet _numbers = new();

    // The numbers of forgotten events: from a place on, how much higher than the place they are.
    private readonly List<(long From, long Offset)> _forgotten = [];
    private List<long>? _restarts;
    private List<Doubt>? _doubts;
    private Entry[] _entries = new Entry[2];
    private long _first;
    private long _next;
    private long _lastSeq;

    /// <summary>Whose it is.</summary>
    public string UserId => userId;

    /// <summary>The user's id, as it is within a JSON string.</summary>
    public ReadOnlySpan<byte> UserJson => _userJson ?? _name;

    /// <summary>Names the user in the texts of events.</summary>
    public byte[] Name => _name;

    /// <summary>How many events were published.</summary>
    public long Published => Volatile.Read(ref _next);

    /// <summary>Whether every event that has a receipt has come to every page.</summary>
    public bool IsComplete
    {
        get
        {
            lock (_gate)
            {
                return Array.TrueForAll(_came, came => !_accepted.Without(came).Any());
            }
        }
    }

    /// <summary>How many events are not forgotten.</summary>
    public long Kept
    {
        get
        {
            lock (_gate)
            {
                return _next - _first;
            }
        }
    }

    private ref Entry this[long place] => ref _entries[place & (_entries.Length - 1)];

    /// <summary>An event is about to be published.</summary>
    /// <param name="now">When.</param>
    /// <param name="due">When it is due.</param>
    /// <returns>Its place among the user's, from 0.</returns>
    public long Publish(long now, long due)
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

            this[_next] = new Entry { PublishedAt = now, Due = due };
            return _next++;
        }
    }

    /// <summary>An event has a receipt.</summary>
    /// <param name="place">Its place.</param>
    /// <param name="seq">The number that the receipt says.</param>
    /// <param name="id">A hash of the id that the receipt says.</param>
    public void Accept(long place, long seq, int id)
    {
        lock (_gate)
        {
            if (place < _first || this[place].ReceiptSeq != 0)
            {
                findings.Add(FindingKind.WrongReceipt, userId, $"event {place} has a second receipt, with number {seq}");
                return;
            }

            if (seq <= _lastSeq)
            {
                findings.Add(
                    FindingKind.WrongReceipt, userId, $"event {place} has number {seq} in its receipt, the one before had {_lastSeq}");
            }

            _lastSeq = seq;
            if (devices > 0)
            {
                _accepted.Add(place);
                _numbers.Add(seq);
            }

            ref var entry = ref this[place];
            (entry.ReceiptSeq, entry.ReceiptId) = (seq, id);
            if (entry.DeliveredSeq != 0 && entry.DeliveredSeq != seq)
            {
                Suspect(new Doubt(place, entry.DeliveredSeq, userId, IsNew: !entry.HasComeTwice));
            }

            CompareIds(place, entry);
            Forget();
        }
    }

    /// <summary>An event was refused: it must not come.</summary>
    /// <param name="place">Its place.</param>
    /// <param name="code">The code of the refusal.</param>
    public void Refuse(long place, string code)
    {
        lock (_gate)
        {
            if (place < _first || this[place].IsSettled)
            {
                findings.Add(FindingKind.WrongReceipt, userId, $"event {place} has a receipt, and was refused with {code}");
                return;
            }

            _refused.Add(place);
            ref var entry = ref this[place];
            entry.IsSettled = true;
            if (entry.DeliveredSeq > 0)
            {
                findings.Add(
                    FindingKind.WrongReceipt, userId, $"event {place} came as number {entry.DeliveredSeq}, and was refused with {code}");
            }

            Forget();
        }
    }

    /// <summary>No receipt of an event is waited for any more: it may come or not.</summary>
    /// <param name="place">Its place.</param>
    public void GiveUp(long place)
    {
        lock (_gate)
        {
            if (place >= _first)
            {
                this[place].IsSettled = true;
                Forget();
            }
        }
    }

    /// <summary>An event has come to a page.</summary>
    /// <param name="device">Which of the user's pages, from 0.</param>
    /// <param name="came">The event.</param>
    /// <param name="page">The page's numbers.</param>
    /// <param name="isComparable">Whether its number belongs to the history that receipts speak of.</param>
    public void Deliver(int device, in DeliveredEvent came, NumberCheck page, bool isComparable)
    {
        var (place, seq) = (came.Place, came.Seq);
        lock (_gate)
        {
            if (place >= _next || place < 0)
            {
                Wrong(page, $"number {seq} has the content of event {place}; {_next} were published");
                return;
            }

            if (_refused.Contains(place))
            {
                findings.Add(FindingKind.WrongReceipt, page.Where, $"event {place} was refused, and came as number {seq}");
            }

            var isNew = _came[device].Add(place);
            if (!isComparable)
            {
                return;
            }

            var receipt = NumberOf(place);
            if (place < _first)
            {
                if (receipt != seq && (receipt != 0 || !isNew))
                {
                    Suspect(new Doubt(place, seq, page.Where, isNew));
                }

                return;
            }

            ref var entry = ref this[place];
            if (entry.Due != came.Due)
            {
                Wrong(page, $"number {seq} has the content of event {place}, but was due at {came.Due} instead of {entry.Due}");
            }

            entry.HasComeTwice |= !isNew;
            if (receipt != 0 ? receipt != seq : entry.DeliveredSeq != 0 && (entry.DeliveredSeq != seq || !isNew))
            {
                // Where it has no receipt yet, any of them may be the one that the receipt will say.
                Suspect(new Doubt(place, seq, page.Where, isNew));
            }

            if (entry.DeliveredSeq == 0 || seq == receipt)
            {
                (entry.DeliveredSeq, entry.DeliveredId) = (seq, came.Id);
                CompareIds(place, entry);
            }

            Forget();
        }
    }

    /// <summary>The server has ended uncleanly, and skipped numbers: what was sent and not stored gets a number above them.</summary>
    /// <param name="last">The highest number that was skipped.</param>
    public void Restart(long last)
    {
        lock (_gate)
        {
            _restarts ??= [];
            if (!_restarts.Contains(last))
            {
                _restarts.Add(last);
            }
        }
    }

    /// <summary>Nothing more comes: says what has a receipt and did not come to a page.</summary>
    /// <param name="device">Which of the user's pages, from 0.</param>
    /// <param name="page">The numbers that came to it.</param>
    public void Complete(int device, NumberCheck page)
    {
        lock (_gate)
        {
            foreach (var (from, to) in _accepted.Without(_came[device]))
            {
                findings.Add(FindingKind.Lost, page.Where, Describe(from, to, page), to - from + 1);
            }

            page.Complete(_numbers);
            if (device == devices - 1)
            {
                _doubts?.ForEach(Decide);
                _doubts = null;
            }
        }
    }

    private string Describe(long from, long to, NumberCheck page)
    {
        var text = new StringBuilder();
        text.Append(from == to ? $"event {from}" : $"events {from} to {to}");
        if (from >= _first)
        {
            var (first, last) = (this[from], this[to]);
            text.Append(CultureInfo.InvariantCulture, $", published {findings.At(first.PublishedAt)}");
            text.Append(
                from == to
                    ? $", has a receipt with number {first.ReceiptSeq}"
                    : $", have receipts with numbers {first.ReceiptSeq} to {last.ReceiptSeq}");
            text.Append(" and did not come; ");
            text.Append(page.Explain(first.ReceiptSeq) ?? $"the page's last number is {page.Cursor} ({page.LastAt})");
        }
        else
        {
            text.Append(from == to ? " has a receipt" : " have receipts").Append(" and came to other pages of the user only");
        }

        return text.ToString();
    }

    private void Wrong(NumberCheck page, string detail) => findings.Add(FindingKind.WrongContent, page.Where, detail);

    private void CompareIds(long place, in Entry entry)
    {
        if (entry.ReceiptSeq != 0 && entry.ReceiptSeq == entry.DeliveredSeq && entry.ReceiptId != entry.DeliveredId)
        {
            findings.Add(
                FindingKind.WrongReceipt,
                userId,
                $"event {place}, published {findings.At(entry.PublishedAt)}, number {entry.ReceiptSeq}, has another id in its receipt");
        }
    }

    // Whether an event may have come with another number is known when all receipts, and all restarts, are.
    private void Suspect(Doubt doubt)
    {
        _doubts ??= [];
        if (_doubts.Count < MaxDoubts)
        {
            _doubts.Add(doubt);
        }
        else
        {
            Decide(doubt);
        }
    }

    private void Decide(Doubt doubt)
    {
        var (place, seq, where, isNew) = doubt;
        var receipt = NumberOf(place);
        if (seq == receipt || _restarts?.Exists(last => seq <= last && (receipt == 0 || last < receipt)) == true)
        {
            return;
        }

        if (isNew && receipt != 0)
        {
            findings.Add(
                FindingKind.WrongReceipt, userId, $"event {place} has number {receipt} in its receipt and came as {seq}");
        }
        else
        {
            findings.Add(
                FindingKind.Duplicated, where, $"number {seq} has the content of event {place}, which came with another number as well");
        }
    }

    // The number in an event's receipt; 0 when it has none.
    private long NumberOf(long place)
    {
        if (place >= _first)
        {
            return this[place].ReceiptSeq;
        }

        var index = _forgotten.FindLastIndex(range => range.From <= place);
        return index < 0 || !_accepted.Contains(place) ? 0 : place + _forgotten[index].Offset;
    }

    // Without a page, the receipt is all that comes.
    private bool IsDone(in Entry entry) => entry.IsSettled || (entry.ReceiptSeq > 0 && (entry.DeliveredSeq > 0 || devices == 0));

    private void Forget()
    {
        while (_first < _next && IsDone(this[_first]))
        {
            var offset = this[_first].ReceiptSeq - _first;
            if (devices > 0 && this[_first].ReceiptSeq > 0 && (_forgotten.Count == 0 || _forgotten[^1].Offset != offset))
            {
                _forgotten.Add((_first, offset));
            }

            this[_first++] = default;
        }
    }

    // An event that came with another number than its receipt says, or with two.
    private readonly record struct Doubt(long Place, long Seq, string Where, bool IsNew);

    private struct Entry
    {
        public long PublishedAt;
        public long Due;
        public long ReceiptSeq;
        public long DeliveredSeq;
        public int ReceiptId;
        public int DeliveredId;
        public bool IsSettled;
        public bool HasComeTwice;
    }
}
