using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>A lease of <see cref="SqliteEventLog"/>.</summary>
/// <remarks>
/// <see cref="LastTaken"/> belongs to the appending thread, under the lock of the owner's stream; what is counted of a commit belongs to
/// the writer; the rest is safe to read from any thread.
/// </remarks>
internal sealed class SqliteLease(SqliteStream stream, SeqRange? jump) : StreamLease
{
    private volatile bool _isClaimed;
    private volatile bool _hasEnded;

    public SqliteStream Stream { get; } = stream;

    /// <summary>The stream's owner; set by the writer when it grants the lease, before the lease is handed out.</summary>
    public IStreamOwner? Owner { get; set; }

    /// <summary>The numbers to be skipped by the claim, since the last owner may have given them; null for none.</summary>
    public SeqRange? Jump { get; } = jump;

    /// <summary>Whether numbers may be given.</summary>
    public bool IsClaimed => _isClaimed;

    /// <summary>Whether it was released or superseded.</summary>
    public bool HasEnded => _hasEnded;

    /// <summary>The last number handed over.</summary>
    public long LastTaken { get; set; }

    /// <summary>How many events the present transaction has.</summary>
    public int Committing { get; set; }

    /// <summary>The last of them.</summary>
    public long CommittingThrough { get; set; }

    /// <summary>What a reader needs; before the claim the numbers that it will skip are skipped already.</summary>
    public StreamView View
    {
        get
        {
            // Asked for first: once it is claimed, the stream knows the range, until it is expired.
            var isClaimed = IsClaimed;
            var view = Stream.View;
            var isKnown = isClaimed || Jump is null || (view.Skipped.Count > 0 && view.Skipped[^1].To >= Jump.Value.To);
            return isKnown ? view : view with { Skipped = [.. view.Skipped, Jump!.Value] };
        }
    }

    public void SetClaimed(bool isInForce) => _isClaimed = isInForce;

    public void End() => _hasEnded = true;
}
