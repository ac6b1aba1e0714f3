using System.Text;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>A user who asks for all of the past again and again: a few bytes that ask for many.</summary>
internal sealed class ReplayStorm() : Attack("replays", "10 pages of a user ask for 20,000 events again, ten times a second each")
{
    private const int Pages = 10;
    private const int Events = 20_000;
    private const int EventsAtOnce = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // What may be sent for it: 10 times the past, and what the rate lets through.
    private const double MostBytesPerSecond = 64e6;
    private const double MostBytesAtFirst = 200e6;

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        await PublishAsync(target, cancellationToken);
        using var until = Until(duration, cancellationToken);
        var asking = Frames.Text($$"""{"type":"replay","from":1,"to":{{Events}}}""");
        var counts = await WhenAllAsync(Pages, async _ =>
        {
            await using var page = await target.OpenAsync(0, string.Empty, cancellationToken);
            var reading = page.DrainAsync(until.Token);
            var asked = 0L;
            while (await page.TrySendAsync(asking, until.Token) && !until.IsCancellationRequested)
            {
                asked += asking.Length;
                await Task.Delay(Pause, TimeProvider.System, until.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            return (Asked: asked, (await reading).Bytes);
        });
        var (asked, sent) = (counts.Sum(static c => c.Asked), counts.Sum(static c => c.Bytes));
        var detail = $"{asked:N0} bytes asked, {Megabytes(sent)} were sent for it";
        return sent > MostBytesAtFirst + (MostBytesPerSecond * duration.TotalSeconds) ? throw new AttackSucceededException(detail) : detail;
    }

    private static async Task PublishAsync(AttackTarget target, CancellationToken cancellationToken)
    {
        await using var publisher = await target.ConnectAsync(cancellationToken);
        await publisher.SendAsync(target.PublishHead("application/x-ndjson", "Transfer-Encoding: chunked\r\n"), cancellationToken);
        var reading = publisher.DrainAsync(cancellationToken);
        for (var i = 0; i < Events; i += EventsAtOnce)
        {
            var lines = new StringBuilder();
            for (var j = 0; j < EventsAtOnce; j++)
            {
                lines.Append(AttackTarget.Event(target.UserOf(0), "replays", "token", """{"delta":"again"}""")).Append('\n');
            }

            await publisher.TrySendAsync(Chunks.Of(lines.ToString()), cancellationToken);
        }

        await publisher.TrySendAsync(
            Chunks.Of(AttackTarget.Event(target.UserOf(0), "replays", "agent_completed", """{"agent_name":"a"}""") + "\n"),
            cancellationToken);
        await publisher.TrySendAsync(Chunks.Last, cancellationToken);
        using var patience = Until(TimeSpan.FromSeconds(1), cancellationToken);
        await reading.WaitAsync(patience.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
    }
}
