using System.Text;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>Lines that are refused, as fast as they are read.</summary>
/// <param name="name">Its name.</param>
/// <param name="what">What is done.</param>
/// <param name="line">The line, of a user.</param>
/// <param name="hasReader">Whether the user has a page, which must not be ended for it.</param>
internal sealed class LineFlood(string name, string what, Func<string, string> line, bool hasReader = false) : Attack(name, what)
{
    private const int Publishers = 4;
    private const int PieceBytes = 64 * 1024;

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var one = Encoding.UTF8.GetBytes(line(target.UserOf(0)));
        var piece = Chunks.Of(Frames.Many(one, PieceBytes / one.Length));
        using var until = Until(duration, cancellationToken);
        await using var page = hasReader ? await target.OpenAsync(0, string.Empty, cancellationToken) : null;
        var watching = page?.DrainAsync(until.Token);
        var counts = await WhenAllAsync(Publishers, async _ =>
        {
            await using var publisher = await target.ConnectAsync(cancellationToken);
            await publisher.SendAsync(target.PublishHead("application/x-ndjson", "Transfer-Encoding: chunked\r\n"), cancellationToken);
            var reading = publisher.DrainAsync(until.Token);
            var sent = await publisher.FloodAsync(piece, until.Token);
            return (sent.Bytes, Answered: (await reading).Bytes);
        });
        if (watching is not null && (await watching).IsClosed)
        {
            throw new AttackSucceededException("the page of their user was closed, which has done nothing");
        }

        return $"took {counts.Sum(static c => c.Bytes) / one.Length:N0} lines, and answered with "
            + Megabytes(counts.Sum(static c => c.Answered));
    }
}
