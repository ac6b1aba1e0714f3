namespace Netra.Pipeline.Load.Attacks;

/// <summary>JSON that is nested more deeply than anybody reads, as an event and as a message.</summary>
internal sealed class DeepJson() : Attack("deep-json", "events and messages that are nested 30,000 deep")
{
    private const int Depth = 30_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var deep = new string('[', Depth) + new string(']', Depth);
        var json = $$$"""{"user_id":"{{{target.UserOf(0)}}}","thread_id":"t","type":"custom","data":{"name":"n","value":{{{deep}}}}}""";
        var status = await target.AskAsync(target.PublishOne(json), cancellationToken);
        if (status is not (>= 400 and < 500))
        {
            throw new AttackSucceededException($"such an event was answered with {status}");
        }

        await using var page = await target.OpenAsync(0, string.Empty, cancellationToken);
        await page.TrySendAsync(Frames.Text($$"""{"type":"nothing","data":{{deep}}}"""), cancellationToken);
        using var patience = Until(Patience, cancellationToken);
        return (await page.DrainAsync(patience.Token)).IsClosed
            ? $"the event was answered with {status}, the page was closed"
            : throw new AttackSucceededException("such a message of a page was taken");
    }
}
