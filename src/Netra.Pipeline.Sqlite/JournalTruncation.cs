namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Waits until a write-ahead log is empty: what was deleted from the tables stands in it until then. Another connection, or another process
/// that copies the folder, may hold that up for a moment. Pure functions.
/// </summary>
internal static class JournalTruncation
{
    /// <summary>How long to wait before it is tried again.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Tries until it is empty.</summary>
    /// <param name="tryTruncate">Empties it, and says whether that was possible.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async ValueTask WhenEmptyAsync(Func<bool> tryTruncate, TimeProvider time, CancellationToken cancellationToken)
    {
        while (!tryTruncate())
        {
            await Task.Delay(Pause, time, cancellationToken);
        }
    }
}
