using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Netra.Pipeline.Access;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Flow;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary><c>…/drain</c> (docs/protocol.md, section 11): has the pages leave this server, and says how far they have.</summary>
internal sealed class DrainEndpoints(PipelineDrain drain, DrainView view, AlertSink alerts)
{
    private const string Route = $"{MonitoringRoutes.Prefix}/drain";
    private const int MaxReason = 1000;

    public static void Map(IEndpointRouteBuilder endpoints) => new OperatorRoutes<DrainEndpoints>(endpoints)
        .Get(Route, "ReadDrain", static (self, _) => self.Read())
        .Post(Route, "BeginDrain", AccessRights.Act, static (self, context) => self.BeginAsync(context))
        .Delete(Route, "EndDrain", AccessRights.Act, static (self, context) => self.EndAsync(context));

    private IResult Read() => JsonAnswer.Of(view.Read(), MonitoringJson.Default.DrainDocument);

    private Task<IResult> BeginAsync(HttpContext context) => OperatorBody.AnswerAsync(
        context,
        MonitoringJson.Default.DrainBody,
        static (body, check) => check.NeededText("reason", body.Reason, MaxReason),
        async (reason, author) =>
        {
            if (drain.TryBegin(reason, author))
            {
                await alerts.RecordAsync(author, "drain_began", "drain", reason, context.RequestAborted);
            }

            return Read();
        });

    private async Task<IResult> EndAsync(HttpContext context)
    {
        var author = RequestAuthor.NameOf(context);
        if (drain.TryTakeBack(author))
        {
            await alerts.RecordAsync(author, "drain_ended", "drain", string.Empty, context.RequestAborted);
        }

        return Read();
    }
}

/// <summary>Reads how far a drain is. Safe from any thread.</summary>
internal sealed class DrainView(PipelineDrain drain, PipelineBridge bridge, ConnectionRegistry connections, Ledger ledger)
{
    public DrainDocument Read()
    {
        if (drain.State is not { } state)
        {
            return new DrainDocument(On: false);
        }

        var (there, account) = (connections.Count, ledger.Read().Account);
        return new DrainDocument(On: true)
        {
            Reason = state.Reason,
            Author = state.Author,
            Since = JsonAnswer.Seconds(state.Since),
            Connections = there,
            Left = Math.Max(0, state.Connections - there),
            OpenRuns = bridge.OpenRuns,
            Stored = account.Pending,
            Lost = account.Unaccounted,
        };
    }
}

/// <summary>Asks the pages to leave.</summary>
internal sealed record DrainBody(string? Reason) : OperatorBody;

/// <summary>Whether the server is drained, and how far.</summary>
internal sealed record DrainDocument(bool On)
{
    public string? Reason { get; init; }

    public string? Author { get; init; }

    public double? Since { get; init; }

    /// <summary>How many connections are still there.</summary>
    public int? Connections { get; init; }

    /// <summary>How many have gone since it began.</summary>
    public int? Left { get; init; }

    /// <summary>How many runs of agents are still open.</summary>
    public int? OpenRuns { get; init; }

    /// <summary>How many events are stored for pages that have not confirmed them.</summary>
    public long? Stored { get; init; }

    /// <summary>How many events have no accounted outcome.</summary>
    public long? Lost { get; init; }
}
