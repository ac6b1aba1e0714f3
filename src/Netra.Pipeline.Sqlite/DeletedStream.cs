using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>What one transaction of retention deletes of one stream.</summary>
internal sealed class DeletedStream(SqliteStream stream)
{
    private readonly List<EventRow> _events = [];
    private readonly Dictionary<long, long> _runs = [];

    public SqliteStream Stream { get; } = stream;

    /// <summary>The lease under which it was when the events were deleted; null for none.</summary>
    public SqliteLease? Lease { get; } = stream.Now.Owner;

    /// <summary>The deleted events, in order.</summary>
    public IReadOnlyList<EventRow> Events => _events;

    /// <summary>For each run among them its last deleted number.</summary>
    public IReadOnlyDictionary<long, long> Runs => _runs;

    public SeqRange Range => new(_events[0].Seq, _events[^1].Seq);

    /// <summary>What became of them; set when they are deleted.</summary>
    public ExpiredRange Expired { get; set; }

    public void Add(in EventRow row)
    {
        _events.Add(row);
        if (row.Run != 0)
        {
            _runs[row.Run] = row.Seq;
        }
    }
}
