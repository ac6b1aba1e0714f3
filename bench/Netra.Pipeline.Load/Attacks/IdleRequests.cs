namespace Netra.Pipeline.Load.Attacks;

/// <summary>Requests of many events that never send one: each is a connection that may be held for long.</summary>
internal sealed class IdleRequests() : Attack("idle-requests", "1,500 requests of many events that send nothing")
{
    private const int Requests = 1500;
    private const int AtOnce = 50;

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var head = target.PublishHead("application/x-ndjson", "Transfer-Encoding: chunked\r\n");
        using var until = Until(duration, cancellationToken);
        var requests = await WhenAllAsync(AtOnce, async _ =>
        {
            var open = new List<AttackConnection>();
            try
            {
                for (var i = 0; i < Requests / AtOnce && !until.IsCancellationRequested; i++)
                {
                    var request = await target.ConnectAsync(cancellationToken);
                    open.Add(request);
                    await request.SendAsync(head, cancellationToken);
                }

                return await Task.WhenAll(open.Select(request => request.DrainAsync(until.Token)));
            }
            finally
            {
                foreach (var request in open)
                {
                    await request.DisposeAsync();
                }
            }
        });
        var all = requests.SelectMany(static part => part).ToList();
        return $"{all.Count} were opened, {all.Count(static request => request.IsClosed)} ended within {duration.TotalSeconds} s";
    }
}
