using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Storage;

/// <summary>The dead letters of the in-memory log. One lock guards everything; nothing is called under it.</summary>
internal sealed class InMemoryDeadLetters(StorageClock clock) : IDeadLetterStore
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, DeadLetter> _letters = [];
    private long _last;

    public ValueTask<IReadOnlyList<DeadLetter>> AddAsync(
        StreamLease lease, IReadOnlyList<long> seqs, int attempts, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var stream = ((InMemoryLease)lease).Stream;
        var added = new List<DeadLetter>();
        foreach (var seq in seqs)
        {
            if (stream.TryMarkDeadLetter(seq, out var buffer))
            {
                added.Add(Shown(Add(stream, seq, buffer, DeadLetterCause.Unconfirmed, attempts, clock.OfWall(at))));
            }
        }

        return ValueTask.FromResult<IReadOnlyList<DeadLetter>>(added);
    }

    public DeadLetter Add(InMemoryStream stream, long seq, byte[] buffer, DeadLetterCause cause, int attempts, DateTimeOffset at)
    {
        lock (_gate)
        {
            var letter = new DeadLetter(
                ++_last,
                stream.UserId,
                stream.StreamId,
                seq,
                cause,
                attempts,
                at,
                DeadLetterState.Waiting,
                ReplayedAs: null,
                WebhookState.Waiting,
                buffer);
            _letters.Add(letter.Number, letter);
            return letter;
        }
    }

    public ValueTask<IReadOnlyList<DeadLetter>> ListAsync(DeadLetterQuery query, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var wanted = _letters.Values.Where(letter => IsWanted(letter, query)).Take(query.Limit).Select(Shown);
            return ValueTask.FromResult<IReadOnlyList<DeadLetter>>([.. wanted]);
        }
    }

    public ValueTask<DeadLetter?> FindAsync(long number, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_letters.TryGetValue(number, out var letter) ? Shown(letter) : null);
        }
    }

    public ValueTask<bool> TrySettleAsync(long number, DeadLetterState state, string? replayedAs, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var waiting = _letters.TryGetValue(number, out var letter) && letter.State == DeadLetterState.Waiting;
            if (waiting)
            {
                _letters[number] = letter! with { State = state, ReplayedAs = replayedAs };
            }

            return ValueTask.FromResult(waiting);
        }
    }

    public ValueTask SettleAcknowledgedAsync(StreamLease lease, IReadOnlyList<long> seqs, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            foreach (var letter in _letters.Values.Where(
                l => l.StreamId == lease.StreamId && l.State == DeadLetterState.Waiting && seqs.Contains(l.Seq)).ToArray())
            {
                _letters[letter.Number] = letter with { State = DeadLetterState.Acknowledged };
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask SetWebhookAsync(long number, WebhookState state, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_letters.TryGetValue(number, out var letter))
            {
                _letters[number] = letter with { Webhook = state };
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<long> ExpireAsync(DateTimeOffset olderThan, int keep, CancellationToken cancellationToken)
    {
        var before = clock.OfWall(olderThan);
        lock (_gate)
        {
            var waiting = 0L;
            foreach (var letter in _letters.Values.Where((letter, i) => letter.At < before || i < _letters.Count - keep).ToArray())
            {
                _letters.Remove(letter.Number);
                waiting += letter.State == DeadLetterState.Waiting ? 1 : 0;
            }

            return ValueTask.FromResult(waiting);
        }
    }

    /// <summary>Deletes all dead letters of a stream.</summary>
    public void Erase(ulong streamId)
    {
        lock (_gate)
        {
            foreach (var letter in _letters.Values.Where(letter => letter.StreamId == streamId).ToArray())
            {
                _letters.Remove(letter.Number);
            }
        }
    }

    /// <summary>The dead letter of an event, if it is one.</summary>
    public DeadLetter? Of(ulong streamId, long seq)
    {
        lock (_gate)
        {
            return _letters.Values.FirstOrDefault(letter => letter.StreamId == streamId && letter.Seq == seq);
        }
    }

    private DeadLetter Shown(DeadLetter letter) => letter with { At = clock.ToWall(letter.At) };

    private static bool IsWanted(DeadLetter letter, DeadLetterQuery query) => letter.Number > query.After
        && (query.UserId is null || query.UserId == letter.UserId)
        && (query.TenantId is null || query.TenantId == UserKey.TenantOf(letter.UserId))
        && (query.State is null || query.State == letter.State)
        && (query.Webhook is null || query.Webhook == letter.Webhook);
}
