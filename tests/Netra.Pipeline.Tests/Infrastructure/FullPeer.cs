using Netra.Pipeline.Connections;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>A peer that reads nothing, so that whatever lies between it and the writer of its connection fills.</summary>
internal static class FullPeer
{
    // A flush is pending for a moment also while there is room: nothing more goes out where nothing has for so many looks.
    private const int Looks = 50;

    /// <summary>Waits until the connection's writer waits for the peer to read.</summary>
    public static async Task WhenParkedAsync(this Connection connection)
    {
        var quiet = 0;
        var before = (Written: -1L, Queued: 0);
        await Eventually.BecomesTrueAsync(
            () =>
            {
                var now = (Written: connection.Subscription.LastWritten, Queued: connection.Queue.Count);
                quiet = connection.IsFlushPending && now == before ? quiet + 1 : 0;
                before = now;
                return quiet >= Looks;
            },
            "the peer's buffers were full");
    }
}
