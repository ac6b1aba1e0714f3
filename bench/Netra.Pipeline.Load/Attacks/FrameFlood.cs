namespace Netra.Pipeline.Load.Attacks;

/// <summary>The same frame without end, on as many pages as would take all processors.</summary>
/// <param name="name">Its name.</param>
/// <param name="what">What is done.</param>
/// <param name="frame">The frame.</param>
/// <param name="first">What comes before it; null for nothing.</param>
internal sealed class FrameFlood(string name, string what, byte[] frame, byte[]? first = null) : Attack(name, what)
{
    private const int Pages = 8;
    private const int PieceBytes = 64 * 1024;

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var piece = Frames.Many(frame, Math.Max(1, PieceBytes / frame.Length));
        using var until = Until(duration, cancellationToken);
        var sent = await WhenAllAsync(Pages, async i =>
        {
            await using var page = await target.OpenAsync(i, string.Empty, cancellationToken);
            await page.TrySendAsync(first ?? [], cancellationToken);
            var reading = page.DrainAsync(until.Token);
            var flooded = await page.FloodAsync(piece, until.Token);
            await reading;
            return flooded;
        });
        return $"took {Megabytes(sent.Sum(static s => s.Bytes))}, which is {sent.Sum(static s => s.Bytes) / frame.Length:N0} frames; "
            + $"{sent.Count(static s => s.IsClosed)} of {Pages} were closed";
    }
}
