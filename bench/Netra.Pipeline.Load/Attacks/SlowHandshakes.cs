using System.Text;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>Handshakes that come a byte at a time.</summary>
internal sealed class SlowHandshakes() : Attack("slow-handshakes", "500 handshakes that come a byte each 100 ms")
{
    private const int Connections = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        using var until = Until(duration, cancellationToken);
        var closed = await WhenAllAsync(Connections, async i =>
        {
            await using var connection = await target.ConnectAsync(cancellationToken);
            foreach (var piece in Encoding.ASCII.GetBytes(target.Handshake(i)))
            {
                if (!await connection.TrySendAsync(new[] { piece }, until.Token))
                {
                    return !until.IsCancellationRequested;
                }

                await Task.Delay(Pause, TimeProvider.System, until.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (until.IsCancellationRequested)
                {
                    return false;
                }
            }

            return false;
        });
        return $"{closed.Count(static c => c)} of {Connections} were closed within {duration.TotalSeconds} s";
    }
}
