using System.Net.Sockets;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>Handshakes as fast as they are answered, each connection left at once.</summary>
internal sealed class HandshakeFlood() : Attack("handshakes", "handshakes as fast as they are answered, 64 at a time")
{
    private const int AtOnce = 64;

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        using var until = Until(duration, cancellationToken);
        var statuses = await WhenAllAsync(AtOnce, async worker =>
        {
            var counts = new Dictionary<int, int>();
            for (var i = worker; !until.IsCancellationRequested; i += AtOnce)
            {
                var status = 0;
                try
                {
                    status = await target.AskAsync(target.Handshake(i % 1000), cancellationToken);
                }
                catch (Exception exception) when (exception is SocketException or IOException)
                {
                    // It was not even accepted.
                }

                counts[status] = counts.GetValueOrDefault(status) + 1;
            }

            return counts;
        });
        return string.Join(
            ", ",
            statuses.SelectMany(static counts => counts)
                .GroupBy(static count => count.Key)
                .OrderBy(static group => group.Key)
                .Select(static group => $"{group.Key} × {group.Sum(static count => count.Value)}"));
    }
}
