using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>Grants, claims and releases streams, within the writer's transaction. Only the writer uses it.</summary>
internal sealed class Leasing(LogStore store)
{
    /// <summary>How many numbers are skipped after an unclean end: more than can have been given since the last commit.</summary>
    public const long Jump = 1L << 20;

    private long _granted;

    /// <summary>Makes a lease of the present state; the owner comes when it is committed.</summary>
    public SqliteLease Open(string userId)
    {
        var stream = store.Streams.Find(userId) ?? store.Streams.Insert(userId);
        ref var state = ref store.Streams.ChangeInMemory(stream);

        // Claimed by a process that ended without releasing it. Nothing is written before the next claim, so everything
        // that opens it until then sees the same.
        SeqRange? jump = state.Claimed != 0 && state.Claimed != store.Boot ? new SeqRange(state.HeadSeq + 1, state.HeadSeq + Jump) : null;
        var acked = state.Acked;
        var lease = new SqliteLease(stream, jump)
        {
            UserId = stream.UserId,
            StreamId = stream.Key,
            Head = jump?.To ?? state.HeadSeq,
            ExpiredThrough = state.ExpiredThrough,
            Skipped = jump is { } range ? [.. state.Skipped, range] : state.Skipped,
            Acknowledged = acked,
            DeadLettered = [.. state.DeadLettered.Where(seq => !SeqRanges.Contain(acked, seq))],
            Kept = state.Rows,
            Account = state.Account,
            FencingToken = (store.Boot << 32) + ++_granted,
        };
        lease.LastTaken = lease.Head;
        state.Owner = lease;
        return lease;
    }

    /// <summary>Makes a lease of a known stream that has no owner, which writes nothing; null for any other.</summary>
    public SqliteLease? OpenResting(string userId) => store.Streams.Find(userId) is { Now.Owner: null } ? Open(userId) : null;

    /// <summary>Writes down that numbers will be given.</summary>
    /// <returns>Whether the lease is in force.</returns>
    public bool TryClaim(SqliteLease lease)
    {
        var stream = lease.Stream;
        if (stream.Now.Owner != lease)
        {
            return false;
        }

        if (stream.Now.Claimed != store.Boot)
        {
            ref var state = ref store.Streams.Change(stream);
            if (lease.Jump is { } jump)
            {
                (state.HeadSeq, state.Skipped) = (jump.To, [.. state.Skipped, jump]);
            }

            state.Claimed = store.Boot;
            store.Streams.Save(stream);
        }

        return true;
    }

    /// <summary>Ends a lease and saves where its stream stands.</summary>
    /// <returns>Whether the lease was in force; otherwise nothing has changed.</returns>
    public bool TryRelease(SqliteLease lease, IReadOnlyList<SeqRange> acknowledged)
    {
        var stream = lease.Stream;
        if (stream.Now.Owner != lease)
        {
            return false;
        }

        ref var state = ref store.Streams.Change(stream);
        state.Acknowledge(acknowledged);
        state.Owner = null;

        // Without a claim no number was given under this lease; what an earlier one may have given is still to be skipped.
        state.Claimed = state.Claimed == store.Boot ? 0 : state.Claimed;
        store.Streams.Save(stream);
        return true;
    }
}
