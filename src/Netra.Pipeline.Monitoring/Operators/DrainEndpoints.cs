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
        static (body, check) => (Reason: check.NeededText("reason", body.Reason, MaxReason), HandsOver: body.HandOver == true),
        async (wanted, author) =>
        {
            if (wanted.HandsOver)
            {
                drain.AskHandOver(wanted.Reason, author);
                await alerts.RecordAsync(author, "hand_over_asked", "drain", wanted.Reason, context.RequestAborted);
            }
            else if (drain.TryBegin(wanted.Reason, author))
            {
                await alerts.RecordAsync(author, "drain_began", "drain", wanted.Reason, context.RequestAborted);
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
internal sealed class DrainView(
    PipelineDrain drain, HandOverWatch handOver, PipelineBridge bridge, ConnectionRegistry connections, Ledger ledger)
{
    public DrainDocument Read()
    {
        var (isAsked, isSuccessorThere) = (drain.HandOver is not null, handOver.IsSuccessorThere);
        if (drain.State is not { } state)
        {
            return new DrainDocument(On: false, isAsked, isSuccessorThere);
        }

        var (there, account) = (connections.Count, ledger.Read().Account);
        return new DrainDocument(On: true, isAsked, isSuccessorThere)
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

/// <summary>Asks the pages to leave, or the server to stop as soon as another process waits for its folder.</summary>
internal sealed record DrainBody(string? Reason, bool? HandOver) : OperatorBody;

/// <summary>Whether the server is drained, and how far.</summary>
/// <param name="On">Whether it is.</param>
/// <param name="HandOver">Whether it is to stop as soon as another process waits for its folder.</param>
/// <param name="SuccessorWaits">Whether another process does.</param>
internal sealed record DrainDocument(bool On, bool HandOver, bool SuccessorWaits)
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
