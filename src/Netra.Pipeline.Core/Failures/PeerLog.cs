using System.Net;

namespace Netra.Pipeline.Failures;

/// <summary>
/// Log entries that peers cause, by their mistakes or by going away: the first few of a kind and a source are written as they come, and
/// those after them once a second as one, with their number, so that no peer fills the log. Safe from any thread; a loop calls
/// <see cref="TellDue"/>, and what is held back at the end is written then.
/// </summary>
internal sealed class PeerLog(TimeProvider time) : IDisposable
{
    /// <summary>How many entries of a kind and a source a second are written as they come.</summary>
    public const int AtOnce = 3;

    // Sources that are told apart at a time; the others are told together.
    private const int MaxKinds = 1024;

    private readonly Coalescer<(int EventId, string What, string? Source), PeerLogEntry> _coalescer = new(
        time,
        MaxKinds,
        static (held, entry) => held is null ? entry : entry with { Count = held.Count + 1 },
        static (entry, _) => entry.Write(entry.More),
        AtOnce);

    /// <summary>Writes an entry, now or later.</summary>
    /// <param name="eventId">Which entry.</param>
    /// <param name="what">What has happened: one of a small set.</param>
    /// <param name="source">Which peer caused it; null for none.</param>
    /// <param name="write">Writes it, given what to add to it: how many more there are.</param>
    public void Write(int eventId, string what, string? source, Action<string> write)
        => _coalescer.Add((eventId, what, source), (eventId, what, null), new PeerLogEntry(write, 1));

    /// <summary>Where a peer comes from, as a source: a peer that opens many connections has a port for each.</summary>
    public static string? SourceOf(EndPoint? remote) => remote is IPEndPoint ip ? ip.Address.ToString() : remote?.ToString();

    /// <summary>Writes what has been held back, where it is time.</summary>
    public void TellDue() => _coalescer.TellDue();

    /// <summary>Writes all that is held back.</summary>
    public void TellAll() => _coalescer.TellAll();

    public void Dispose() => TellAll();

    private sealed record PeerLogEntry(Action<string> Write, long Count)
    {
        public string More => Count == 1 ? string.Empty : $" and {Count - 1} more";
    }
}
