using System.Text;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>Runs that begin and are left: each is watched until its lease is over.</summary>
internal sealed class AbandonedRuns() : Attack("abandoned-runs", "20,000 runs of 200 users that begin, with a lease of 1 s, and are left")
{
    private const int Runs = 20_000;
    private const int RunsAtOnce = 500;
    private const int Users = 200;
    private const string Started = """{"agent_name":"a","lease_ms":1000}""";

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        await using (var publisher = await target.ConnectAsync(cancellationToken))
        {
            await publisher.SendAsync(target.PublishHead("application/x-ndjson", "Transfer-Encoding: chunked\r\n"), cancellationToken);
            using var ended = Until(TimeSpan.FromSeconds(20), cancellationToken);
            var reading = publisher.DrainAsync(ended.Token);
            for (var i = 0; i < Runs; i += RunsAtOnce)
            {
                var lines = new StringBuilder();
                for (var run = i; run < i + RunsAtOnce; run++)
                {
                    lines.Append(AttackTarget.Event(target.UserOf(run % Users), $"left-{run}", "agent_started", Started)).Append('\n');
                }

                await publisher.TrySendAsync(Chunks.Of(lines.ToString()), cancellationToken);
            }

            await publisher.TrySendAsync(Chunks.Last, cancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancellationToken);
            await ended.CancelAsync();
            await reading;
        }

        await Task.Delay(duration, TimeProvider.System, cancellationToken);
        return $"{Runs:N0} runs were begun and left";
    }
}
