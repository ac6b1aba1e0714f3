namespace Netra.Pipeline.Load.Attacks;

/// <summary>A line that does not end, and a body that does not.</summary>
internal sealed class LongLine() : Attack("long-line", "a line and a body of 100 MB")
{
    private const long Longest = 100_000_000;
    private static readonly byte[] Piece = [.. Enumerable.Repeat((byte)'x', 64 * 1024)];

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var line = await SendAsync(target, "application/x-ndjson", cancellationToken);
        var body = await SendAsync(target, "application/json", cancellationToken);
        return $"took {Megabytes(line.Bytes)} of the line ({line.Status}), {Megabytes(body.Bytes)} of the body ({body.Status})";
    }

    private static async Task<(long Bytes, int Status)> SendAsync(AttackTarget target, string type, CancellationToken cancellationToken)
    {
        await using var publisher = await target.ConnectAsync(cancellationToken);
        await publisher.SendAsync(target.PublishHead(type, "Transfer-Encoding: chunked\r\n"), cancellationToken);
        var status = publisher.ReadStatusAsync(cancellationToken);
        var (chunk, sent) = (Chunks.Of(Piece), 0L);
        while (sent < Longest && await publisher.TrySendAsync(chunk, cancellationToken))
        {
            sent += Piece.Length;
        }

        await publisher.TrySendAsync(Chunks.Last, cancellationToken);
        return (sent, await status);
    }
}
