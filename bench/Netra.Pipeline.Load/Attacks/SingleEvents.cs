using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>Single events without pause, half of them malformed.</summary>
internal sealed class SingleEvents() : Attack("single-events", "single events as fast as they are answered, half of them malformed, by 32")
{
    private const int Publishers = 32;

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var right = $$$"""{"user_id":"{{{target.UserOf(0)}}}","thread_id":"t","type":"custom","data":{"name":"n","value":1}}""";
        using var until = Until(duration, cancellationToken);
        var counts = await WhenAllAsync(Publishers, async i =>
        {
            var statuses = new Dictionary<int, int>();
            while (!until.IsCancellationRequested)
            {
                try
                {
                    await using var publisher = await target.ConnectAsync(cancellationToken);
                    for (var n = 0; n < 100 && !until.IsCancellationRequested; n++)
                    {
                        await publisher.SendAsync(target.PublishOne((i + n) % 2 == 0 ? right : "{"), until.Token);
                        var status = await publisher.ReadAnswerAsync(until.Token);
                        statuses[status] = statuses.GetValueOrDefault(status) + 1;
                        if (status == 0)
                        {
                            break;
                        }
                    }
                }
                catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
                {
                    // The server has closed, or the time is over.
                }
            }

            return statuses;
        });
        return string.Join(
            ", ",
            counts.SelectMany(static count => count)
                .GroupBy(static count => count.Key)
                .OrderBy(static group => group.Key)
                .Select(static group => string.Create(
                    CultureInfo.InvariantCulture, $"{(HttpStatusCode)group.Key:D} × {group.Sum(static count => count.Value)}")));
    }
}
