using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>Messages of one byte, each of which ends its connection; it floods on past the close frame, and is opened again.</summary>
internal sealed class OneByteTexts() : Attack("one-byte-texts", "8 pages send texts of one byte, and on after they are closed")
{
    private const int Pages = 8;
    private static readonly byte[] Piece = Frames.Many(Frames.Of(ClientFrame.Text, "1"u8), 10_000);

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        using var until = Until(duration, cancellationToken);
        var counts = await WhenAllAsync(Pages, async i =>
        {
            var (bytes, closed) = (0L, 0);
            while (!until.IsCancellationRequested)
            {
                try
                {
                    await using var page = await target.OpenAsync(i, string.Empty, cancellationToken);
                    var reading = page.DrainAsync(until.Token);
                    bytes += (await page.FloodAsync(Piece, until.Token)).Bytes;
                    closed += (await reading).IsClosed ? 1 : 0;
                }
                catch (HandshakeRefusedException)
                {
                    // Too many come; it tries again.
                }
            }

            return (Bytes: bytes, Closed: closed);
        });
        return $"took {Megabytes(counts.Sum(static c => c.Bytes))} and closed {counts.Sum(static c => c.Closed):N0} times";
    }
}
