using System.Text;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>Users who never read what they are sent.</summary>
internal sealed class NeverReading() : Attack("never-reading", "200 users who read nothing of the 500 KB that each is sent")
{
    private const int Users = 200;
    private const int EventsOfEach = 500;
    private static readonly string Text = new('x', 1000);

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var pages = await WhenAllAsync(Users, i => target.OpenAsync(i, string.Empty, cancellationToken));
        try
        {
            await using var publisher = await target.ConnectAsync(cancellationToken);
            await publisher.SendAsync(target.PublishHead("application/x-ndjson", "Transfer-Encoding: chunked\r\n"), cancellationToken);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var reading = publisher.DrainAsync(ended.Token);
            for (var i = 0; i < EventsOfEach; i++)
            {
                await publisher.TrySendAsync(Chunks.Of(Lines(target, i)), cancellationToken);
            }

            await publisher.TrySendAsync(Chunks.Last, cancellationToken);
            await Task.Delay(duration, TimeProvider.System, cancellationToken);
            await ended.CancelAsync();
            await reading;
            return $"{Users * EventsOfEach:N0} events were published, and nobody read them";
        }
        finally
        {
            foreach (var page in pages)
            {
                await page.DisposeAsync();
            }
        }
    }

    private static string Lines(AttackTarget target, int i)
    {
        var lines = new StringBuilder();
        for (var user = 0; user < Users; user++)
        {
            var (type, data) = i switch
            {
                0 => ("agent_started", """{"agent_name":"a"}"""),
                EventsOfEach - 1 => ("agent_completed", """{"agent_name":"a"}"""),
                _ => ("token", $$"""{"delta":"{{Text}}"}"""),
            };
            lines.Append(AttackTarget.Event(target.UserOf(user), target.RunName, type, data)).Append('\n');
        }

        return lines.ToString();
    }
}
