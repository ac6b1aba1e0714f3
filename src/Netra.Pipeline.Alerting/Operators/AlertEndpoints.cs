using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Netra.Pipeline.Access;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Operators;

namespace Netra.Pipeline.Alerting.Operators;

/// <summary>
/// The routes of alerts (docs/protocol.md, section 11): what is on, what became of it, and what operators do about
/// it. Safe to use from any thread.
/// </summary>
internal sealed class AlertEndpoints(AlertCenter alerts)
{
    private const string Alerts = MonitoringRoutes.Prefix + "/alerts";
    private const string Silences = MonitoringRoutes.Prefix + "/silences";

    public static void Map(IEndpointRouteBuilder endpoints) => new OperatorRoutes<AlertEndpoints>(endpoints)
        .Get(Alerts, "ListAlerts", static (self, _) => self.List())
        .Get(Alerts + "/history", "ReadAlertHistory", static (self, context) => self.ListHistoryAsync(context))
        .Post(Alerts + "/{id}/acknowledge", "AcknowledgeAlert", AccessRights.Act, static (self, context) => self.AcknowledgeAsync(context))
        .Post(Alerts + "/{id}/resolve", "ResolveAlert", AccessRights.Act, static (self, context) => self.ResolveAsync(context))
        .Post(
            MonitoringRoutes.Prefix + "/emergency/alert",
            "RaiseEmergency",
            AccessRights.Act,
            static (self, context) => self.RaiseAsync(context))
        .Get(Silences, "ListSilences", static (self, _) => self.ListSilences())
        .Post(Silences, "CreateSilence", AccessRights.Act, static (self, context) => self.SilenceAsync(context))
        .Delete(Silences + "/{id}", "DeleteSilence", AccessRights.Act, static (self, context) => self.UnsilenceAsync(context))
        .Post(
            MonitoringRoutes.Prefix + "/channels/{name}/test",
            "TestChannel",
            AccessRights.Act,
            static (self, context) => self.TestAsync(context))
        .Get(MonitoringRoutes.Prefix + "/audit", "ReadAudit", static (self, context) => self.ListAuditAsync(context));

    private static string IdOf(HttpContext context) => RouteSegment.Of(context, "id");

    private static ProblemDocument Conflict(string code, string detail) => new(StatusCodes.Status409Conflict, code, detail);

    private IResult List() => JsonAnswer.Of(AlertList.Of(alerts.Alerts), AlertingJson.Default.AlertList);

    private async Task<IResult> ListHistoryAsync(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var (after, limit) = (query.After(), query.Limit());
        var before = query.Choice<HistoryOrder>("order", HistoryOrders.NameOf) == HistoryOrder.Newest ? query.Before() : (long?)null;
        if (query.Problem is { } problem)
        {
            return ProblemDocument.BadRequest(problem);
        }

        // One more than asked for says whether there is another page.
        var entries = before is { } end
            ? await alerts.ReadNewestHistoryAsync(end, limit + 1, context.RequestAborted)
            : await alerts.ReadHistoryAsync(after, limit + 1, context.RequestAborted);
        var document = new AlertHistoryPage(
            [.. entries.Take(limit).Select(AlertHistoryItem.Of)], entries.Count > limit ? entries[limit - 1].Number : null);
        return JsonAnswer.Of(document, AlertingJson.Default.AlertHistoryPage);
    }

    private async Task<IResult> ListAuditAsync(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var (after, limit) = (query.After(), query.Limit());
        if (query.Problem is { } problem)
        {
            return ProblemDocument.BadRequest(problem);
        }

        var entries = await alerts.ReadAuditAsync(after, limit + 1, context.RequestAborted);
        var document = new AuditPage(
            [.. entries.Take(limit).Select(AuditItem.Of)], entries.Count > limit ? entries[limit - 1].Number : null);
        return JsonAnswer.Of(document, AlertingJson.Default.AuditPage);
    }

    private Task<IResult> AcknowledgeAsync(HttpContext context) => OperatorBody.AnswerAsync(
        context,
        AlertingJson.Default.AcknowledgeBody,
        static (body, check) => body.Read(check),
        async (wanted, author) =>
            Answer(context, await alerts.AcknowledgeAsync(IdOf(context), author, wanted.Comment, wanted.Timeout, context.RequestAborted)));

    private Task<IResult> ResolveAsync(HttpContext context) => OperatorBody.AnswerAsync(
        context,
        AlertingJson.Default.EmptyBody,
        static (body, _) => body,
        async (_, author) => Answer(context, await alerts.ResolveAsync(IdOf(context), author, context.RequestAborted)));

    // The alert as it is now, so that whoever has changed it sees what has come of it.
    private IResult Answer(HttpContext context, AlertAnswer answer)
    {
        var id = IdOf(context);
        return answer switch
        {
            AlertAnswer.Done when alerts.Alerts.FirstOrDefault(alert => alert.Id == id) is { } alert =>
                JsonAnswer.Of(AlertList.Of([alert]), AlertingJson.Default.AlertList),
            AlertAnswer.NotFiring => Conflict("alert_resolved", "The alert does not fire, or not any more."),
            AlertAnswer.NotByHand => Conflict(
                "alert_automatic", "The alert is a rule's: it is over when its cause is gone. Acknowledge it, or silence it."),
            _ => ProblemDocument.NotFound("There is no alert of that id, or not any more."),
        };
    }

    private Task<IResult> RaiseAsync(HttpContext context) => OperatorBody.AnswerAsync(
        context,
        AlertingJson.Default.EmergencyAlertBody,
        static (body, check) => body.Read(check),
        async (wanted, author) => await alerts.RaiseEmergencyAsync(
            wanted.Title, wanted.Message, wanted.Severity, author, context.RequestAborted) is { } id
            ? JsonAnswer.Of(new RaisedAlert(id), AlertingJson.Default.RaisedAlert, StatusCodes.Status201Created)
            : Conflict(
                "too_many",
                "As many alerts raised by hand are on as there may be (Netra:Alerting:MaxEmergencies); resolve those that are over."));

    private IResult ListSilences() => JsonAnswer.Of(SilenceList.Of(alerts.Silences), AlertingJson.Default.SilenceList);

    private Task<IResult> SilenceAsync(HttpContext context)
    {
        var rules = alerts.BuiltIn;
        return OperatorBody.AnswerAsync(
            context,
            AlertingJson.Default.SilenceBody,
            (body, check) => body.Read(check, rules),
            async (wanted, author) =>
                await alerts.SilenceAsync(
                    wanted.Rule, wanted.Labels, wanted.Comment, author, wanted.Duration, context.RequestAborted) is { } silence
                    ? JsonAnswer.Of(SilenceDocument.Of(silence), AlertingJson.Default.SilenceDocument, StatusCodes.Status201Created)
                    : Conflict("too_many", "There are as many silences as there may be (Netra:Alerting:MaxSilences)."));
    }

    private async Task<IResult> UnsilenceAsync(HttpContext context)
        => await alerts.UnsilenceAsync(IdOf(context), RequestAuthor.NameOf(context), context.RequestAborted) == AlertAnswer.Done
            ? JsonAnswer.Empty(StatusCodes.Status204NoContent)
            : ProblemDocument.NotFound("There is no silence of that id, or not any more.");

    private async Task<IResult> TestAsync(HttpContext context)
    {
        var channel = RouteSegment.Of(context, "name");
        return alerts.Channels.Contains(channel, StringComparer.Ordinal)
            ? await OperatorBody.AnswerAsync(
                context,
                AlertingJson.Default.EmptyBody,
                static (body, _) => body,
                async (_, author) => await alerts.TestChannelAsync(channel, author, context.RequestAborted) is { } problem
                    ? new ProblemDocument(
                        StatusCodes.Status502BadGateway, "notification_failed", $"The channel {channel} has not taken it: {problem}")
                    : JsonAnswer.Empty(StatusCodes.Status202Accepted))
            : ProblemDocument.NotFound($"There is no channel of that name; there are {string.Join(", ", alerts.Channels)}.");
    }
}
