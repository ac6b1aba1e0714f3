namespace Netra.Pipeline.Load.Attacks;

/// <summary>Connections that begin with anything at all; always the same, so that it can be repeated.</summary>
internal sealed class RandomBytes() : Attack("random-bytes", "connections that send random bytes, 32 at a time")
{
    private const int AtOnce = 32;
    private const int Shortest = 16;
    private const int Longest = 2048;

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        using var until = Until(duration, cancellationToken);
        var counts = await WhenAllAsync(AtOnce, async worker =>
        {
            var random = new Random(worker);
            var (answered, closed) = (0, 0);
            while (!until.IsCancellationRequested)
            {
                var bytes = new byte[random.Next(Shortest, Longest)];
                random.NextBytes(bytes);

                // So that it is not taken for a request that is still to come.
                bytes[^1] = (byte)'\n';
                await using var connection = await target.ConnectAsync(cancellationToken);
                await connection.TrySendAsync(bytes, cancellationToken);
                _ = await connection.ReadStatusAsync(cancellationToken) == 0 ? closed++ : answered++;
            }

            return (Answered: answered, Closed: closed);
        });
        return $"{counts.Sum(static c => c.Answered)} were answered with an error, {counts.Sum(static c => c.Closed)} closed";
    }
}
