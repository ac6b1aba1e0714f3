using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>What a stream has to look like, counted in the simplest way.</summary>
internal sealed class ModelStream(string userId)
{
    private readonly SortedDictionary<long, (EventType Type, DateTimeOffset At, string Run)> _kept = [];
    private readonly Dictionary<string, (int Attempt, long Events, long First, long Last)> _runs = [];
    private readonly Dictionary<string, int> _attempts = [];
    private readonly SortedSet<long> _letters = [];
    private readonly HashSet<long> _acknowledged = [];
    private long _accepted;
    private long _acknowledgedGone;
    private long _lost;
    private long _lettersGone;

    public string UserId { get; } = userId;

    public LoggedStream? Lease { get; set; }

    public long Head { get; private set; }

    public long ExpiredThrough { get; private set; }

    public List<SeqRange> Skipped { get; } = [];

    public IReadOnlyCollection<long> Kept => _kept.Keys;

    /// <summary>The kept numbers that may become dead letters.</summary>
    public IEnumerable<long> Open => _kept.Keys.Where(seq => !_acknowledged.Contains(seq) && !_letters.Contains(seq));

    public StreamAccount Account
    {
        get
        {
            var confirmed = _kept.Keys.LongCount(_acknowledged.Contains);
            var letters = _letters.LongCount(seq => !_acknowledged.Contains(seq));
            return new StreamAccount(
                _accepted, _acknowledgedGone + confirmed, _kept.Count - confirmed - letters, _lost, _lettersGone + letters);
        }
    }

    /// <summary>What an owner remembers: ranges that reach over skipped numbers.</summary>
    public IReadOnlyList<SeqRange> Acknowledged
    {
        get
        {
            var ranges = RangesOf(_acknowledged);
            for (var i = ranges.Count - 1; i > 0; i--)
            {
                var between = new SeqRange(ranges[i - 1].To + 1, ranges[i].From - 1);
                if (SeqRanges.CountWithin(between, Skipped) == between.Count)
                {
                    ranges[i - 1] = ranges[i - 1] with { To = ranges[i].To };
                    ranges.RemoveAt(i);
                }
            }

            return ranges;
        }
    }

    public void Append(Random random, DateTimeOffset at)
    {
        var type = random.Next(3) == 0 ? EventType.AgentThinking : EventType.Token;
        var run = new LogRun("t", $"r{random.Next(4)}", isEmbedded: true, agentName: null);
        var (attempt, isLate) = (_attempts.GetValueOrDefault(run.RunId, 1) + (random.Next(12) / 11), random.Next(10) == 0);
        var taken = isLate
            ? Lease!.TryAppend(at, padding: random.Next(40, 400), type, thread: new EventThread("t"))
            : Lease!.TryAppend(at, padding: random.Next(40, 400), type, run, attempt: attempt);
        Assert.That(taken, Is.EqualTo(AppendResult.Taken));
        Head++;
        _accepted++;
        _kept.Add(Head, (type, at, run.RunId));
        if (isLate)
        {
            return;
        }

        var (known, events, first, _) = _runs.GetValueOrDefault(run.RunId);
        (events, first) = known == attempt ? (events, first) : (0, Head);
        _attempts[run.RunId] = attempt;
        _runs[run.RunId] = (attempt, events + 1, first, Head);
    }

    /// <summary>A device confirms a range, skipped numbers included.</summary>
    public void Acknowledge(SeqRange range)
    {
        for (var seq = Math.Max(range.From, ExpiredThrough + 1); seq <= range.To; seq++)
        {
            // Inside of a skipped range there are a million numbers, and no event.
            if (Skipped.Find(skip => skip.From <= seq && seq <= skip.To) is { From: > 0 } skipped)
            {
                seq = skipped.To;
                continue;
            }

            _acknowledged.Add(seq);
        }

        Lease!.Acknowledged = Acknowledged;
    }

    public void Bury(long seq) => _letters.Add(seq);

    /// <summary>Retention deletes what is older.</summary>
    public ExpiredRange? Expire(DateTimeOffset olderThan)
    {
        var gone = _kept.Where(e => e.Value.At < olderThan).Select(static e => e.Key).ToArray();
        if (gone.Length == 0)
        {
            return null;
        }

        var open = gone.Where(seq => !_acknowledged.Contains(seq)).ToArray();
        var letters = open.LongCount(seq => _letters.Contains(seq) || EventTypes.IsCritical(_kept[seq].Type));
        _acknowledgedGone += gone.Length - open.Length;
        _lettersGone += letters;
        _lost += open.Length - letters;
        ExpiredThrough = gone[^1];
        foreach (var seq in gone)
        {
            _kept.Remove(seq);
        }

        _letters.RemoveWhere(seq => seq <= ExpiredThrough);
        _acknowledged.RemoveWhere(seq => seq <= ExpiredThrough);
        Skipped.RemoveAll(skip => skip.To <= ExpiredThrough);
        foreach (var (run, _) in _runs.Where(r => r.Value.Last <= ExpiredThrough).ToArray())
        {
            _runs.Remove(run);
        }

        return new ExpiredRange(UserId, new SeqRange(gone[0], gone[^1]), gone.Length, open.Length, letters);
    }

    /// <summary>The process has ended without releasing the stream.</summary>
    public void Jump()
    {
        Skipped.Add(new SeqRange(Head + 1, Head + (1 << 20)));
        Head += 1 << 20;
    }

    /// <summary>Acknowledgements that were not saved are lost with the process.</summary>
    public void ForgetAcknowledgements(IReadOnlyList<SeqRange> remembered)
        => _acknowledged.RemoveWhere(seq => !SeqRanges.Contain(remembered, seq));

    public async Task CheckLeaseAsync(IEventLog log)
    {
        var lease = Lease!.Lease;
        Assert.That((lease.Head, lease.ExpiredThrough, lease.Kept), Is.EqualTo((Head, ExpiredThrough, (long)_kept.Count)), UserId);
        Assert.That(lease.Account, Is.EqualTo(Account), UserId);
        Assert.That(lease.Skipped, Is.EqualTo(Skipped), UserId);
        Assert.That(lease.DeadLettered, Is.EqualTo(_letters.Where(seq => !_acknowledged.Contains(seq))), UserId);
        Assert.That(
            RangesOf(_kept.Keys.Where(seq => SeqRanges.Contain(lease.Acknowledged, seq))),
            Is.EqualTo(RangesOf(_kept.Keys.Where(_acknowledged.Contains))),
            UserId);
        for (var i = 0; i < 4; i++)
        {
            var run = await log.FindRunAsync(lease, "t", $"r{i}", CancellationToken.None);
            Assert.That(
                run is null ? default : (run.Attempt, run.Events, run.FirstSeq, run.LastSeq),
                Is.EqualTo(_runs.GetValueOrDefault($"r{i}")),
                $"{UserId} r{i}");
        }
    }

    /// <summary>
    /// Reads a range in pages as a client that catches up does, and finds in it what is kept and what was skipped, each once and in order.
    /// </summary>
    public async Task CheckPagesAsync(IEventLog log, SeqRange range, int maxBytes)
    {
        var (events, skipped) = (new List<long>(), new List<SeqRange>());
        for (var next = range.From; next <= range.To;)
        {
            var page = await log.ReadPageAsync(Lease!.Lease, range with { From = next }, maxBytes, CancellationToken.None);
            Assert.That(
                page.Events.Count <= 1 || page.Events.Sum(static e => e.Buffer.Length) <= maxBytes,
                "a page exceeds its bound only with a single event");
            foreach (var stored in page.Events)
            {
                var kept = _kept[stored.Seq];
                Assert.That(stored.Type, Is.EqualTo(kept.Type));
                Assert.That(
                    System.Text.Encoding.UTF8.GetString(stored.Buffer.AsSpan(8)).TrimEnd(),
                    Is.EqualTo($"{{\"of\":\"{UserId}\",\"seq\":{stored.Seq}}}"));
                Assert.That(stored.Buffer.AsSpan(0, 8).ToArray(), Is.EqualTo(LoggedStream.BufferOf(UserId, stored.Seq)[..8]));
                events.Add(stored.Seq);
            }

            skipped.AddRange(page.Skipped);
            var last = Math.Max(page.Events.Count > 0 ? page.Events[^1].Seq : 0, page.Skipped.Count > 0 ? page.Skipped[^1].To : 0);
            next = last == 0 ? range.To + 1 : last + 1;
        }

        Assert.That(events, Is.EqualTo(_kept.Keys.Where(seq => range.From <= seq && seq <= range.To)));
        Assert.That(skipped, Is.EqualTo(SeqRanges.Within(range, Skipped)));
    }

    private static List<SeqRange> RangesOf(IEnumerable<long> seqs)
    {
        var ranges = new List<SeqRange>();
        foreach (var seq in seqs.Order())
        {
            if (ranges.Count > 0 && ranges[^1].To == seq - 1)
            {
                ranges[^1] = ranges[^1] with { To = seq };
            }
            else
            {
                ranges.Add(new SeqRange(seq, seq));
            }
        }

        return ranges;
    }
}
