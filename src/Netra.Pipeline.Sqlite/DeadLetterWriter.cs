using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>Makes dead letters of kept events, within the writer's transaction. Only the writer uses it.</summary>
internal sealed class DeadLetterWriter(LogStore store)
{
    public IReadOnlyList<DeadLetter> Add(SqliteLease lease, IReadOnlyList<long> seqs, int attempts, DateTimeOffset at)
    {
        var stream = store.Streams.Get(lease.Stream.Id);
        var added = new List<DeadLetter>();
        var letters = new SortedSet<long>(stream.Now.DeadLettered);
        var view = lease.View with { HeadRowid = stream.Now.HeadRowid, Skipped = stream.Now.Skipped };
        foreach (var seq in seqs)
        {
            if (letters.Contains(seq) || store.Reader.ReadOne(view, seq) is not { } row)
            {
                continue;
            }

            var number = store.DeadLetters.Insert(stream.Id, seq, row.Rowid, DeadLetterCause.Unconfirmed, attempts, at);
            store.DeadLetters.Mark(stream.Id, seq);
            letters.Add(seq);
            added.Add(store.DeadLetters.Find(number)!);
        }

        if (added.Count > 0)
        {
            ref var state = ref store.Streams.Change(stream);
            state.DeadLettered = [.. letters];
            state.CountKept();
            store.Streams.Save(stream);
        }

        return added;
    }
}
