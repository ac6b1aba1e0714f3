using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Operators;

namespace Netra.Pipeline.Alerting.Operators;

/// <summary>The routes of alerts (docs/protocol.md, section 11): what is on, what became of it, and what operators do about it. Safe to use from any thread.</summary>
internal sealed class AlertEndpoints(OperatorRoute route, AlertCenter alerts)
{
    private const string Alerts = MonitoringRoutes.Prefix + "/alerts";
    private const string Silences = MonitoringRoutes.Prefix + "/silences";
    private const int MaxTitle = 200;
    private const int MaxMessage = 4000;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(Alerts, static context => Of(context).Handle(context, "ListAlerts", static (self, context) => self.ListAsync(context)));
        endpoints.MapGet(Alerts + "/history", static context => Of(context).Handle(context, "ReadAlertHistory", static (self, context) => self.HistoryAsync(context)));
        endpoints.MapPost(Alerts + "/{id}/acknowledge", static context => Of(context).Handle(context, "AcknowledgeAlert", static (self, context) => self.AcknowledgeAsync(context)));
        endpoints.MapPost(Alerts + "/{id}/resolve", static context => Of(context).Handle(context, "ResolveAlert", static (self, context) => self.ResolveAsync(context)));
        endpoints.MapPost(MonitoringRoutes.Prefix + "/emergency/alert", static context => Of(context).Handle(context, "RaiseEmergency", static (self, context) => self.RaiseAsync(context)));
        endpoints.MapGet(Silences, static context => Of(context).Handle(context, "ListSilences", static (self, context) => self.ListSilencesAsync(context)));
        endpoints.MapPost(Silences, static context => Of(context).Handle(context, "CreateSilence", static (self, context) => self.SilenceAsync(context)));
        endpoints.MapDelete(Silences + "/{id}", static context => Of(context).Handle(context, "DeleteSilence", static (self, context) => self.UnsilenceAsync(context)));
        endpoints.MapPost(
            MonitoringRoutes.Prefix + "/channels/{name}/test", static context => Of(context).Handle(context, "TestChannel", static (self, context) => self.TestAsync(context)));
        endpoints.MapGet(MonitoringRoutes.Prefix + "/audit", static context => Of(context).Handle(context, "ReadAudit", static (self, context) => self.AuditAsync(context)));
    }

    private static AlertEndpoints Of(HttpContext context) => context.RequestServices.GetRequiredService<AlertEndpoints>();

    private Task Handle(HttpContext context, string operation, Func<AlertEndpoints, HttpContext, Task> answer) => route.HandleAsync(context, operation, context => answer(this, context));

    private Task ListAsync(HttpContext context) => JsonAnswer.WriteAsync(context, json => JsonAnswer.WriteList(json, "alerts", alerts.Alerts, AlertDocuments.Write));

    private static async Task ListPageAsync<T>(
        HttpContext context, string name, Func<long, int, CancellationToken, Task<IReadOnlyList<T>>> read, Action<Utf8JsonWriter, T> write, Func<T, long> numberOf)
    {
        if (await MonitoringRoutes.PageAsync(context) is { } page)
        {
            // One more than asked for says whether there is another page.
            var entries = await read(page.After, page.Limit + 1, context.RequestAborted);
            await JsonAnswer.WriteAsync(context, json =>
            {
                JsonAnswer.WriteList(json, name, entries.Take(page.Limit), write);
                if (entries.Count > page.Limit)
                {
                    json.WriteNumber("next"u8, numberOf(entries[page.Limit - 1]));
                }
            });
        }
    }

    private Task HistoryAsync(HttpContext context) => ListPageAsync(context, "history", alerts.ReadHistoryAsync, AlertDocuments.Write, static entry => entry.Number);

    private Task AuditAsync(HttpContext context) => ListPageAsync(context, "entries", alerts.ReadAuditAsync, AlertDocuments.Write, static entry => entry.Number);

    private async Task AcknowledgeAsync(HttpContext context)
    {
        var body = await OperatorBody.ReadAsync(context, MonitoringRoutes.MaxBodyBytes, static (body, _) => Tuple.Create(
            RequestAuthor.NamedIn(body), body.Text("comment", AlertBodies.MaxComment, minChars: 0), body.Seconds("timeout_s", 1, EscalationPolicy.Longest.TotalSeconds)));
        if (body is not null)
        {
            var author = RequestAuthor.Of(context, body.Item1);
            await AnswerAsync(context, await alerts.AcknowledgeAsync(MonitoringRoutes.Value(context, "id"), author, body.Item2 ?? string.Empty, body.Item3, context.RequestAborted));
        }
    }

    private async Task ResolveAsync(HttpContext context)
    {
        var body = await OperatorBody.ReadAsync(context, MonitoringRoutes.MaxBodyBytes, static (body, _) => Tuple.Create(RequestAuthor.NamedIn(body)));
        if (body is not null)
        {
            await AnswerAsync(context, await alerts.ResolveAsync(MonitoringRoutes.Value(context, "id"), RequestAuthor.Of(context, body.Item1), context.RequestAborted));
        }
    }

    // The alert as it is now, so that whoever has changed it sees what has come of it.
    private Task AnswerAsync(HttpContext context, AlertAnswer answer)
    {
        var id = MonitoringRoutes.Value(context, "id");
        return answer switch
        {
            AlertAnswer.Done when alerts.Alerts.FirstOrDefault(alert => alert.Id == id) is { } alert =>
                JsonAnswer.WriteAsync(context, json => JsonAnswer.WriteList(json, "alerts", [alert], AlertDocuments.Write)),
            AlertAnswer.NotFiring => ProblemDocument.WriteAsync(context, StatusCodes.Status409Conflict, "alert_resolved", "The alert does not fire, or not any more."),
            AlertAnswer.NotByHand => ProblemDocument.WriteAsync(
                context, StatusCodes.Status409Conflict, "alert_automatic", "The alert is a rule's: it is over when its cause is gone. Acknowledge it, or silence it."),
            _ => JsonAnswer.NotFoundAsync(context, "There is no alert of that id, or not any more."),
        };
    }

    private async Task RaiseAsync(HttpContext context)
    {
        var body = await OperatorBody.ReadAsync(context, MonitoringRoutes.MaxBodyBytes, static (body, _) => Tuple.Create(
            body.NeededText("title", MaxTitle), body.NeededText("message", MaxMessage), body.NeededChoice<AlertSeverity>("severity", AlertNames.Of), RequestAuthor.NamedIn(body)));
        if (body is null)
        {
            return;
        }

        if (await alerts.RaiseEmergencyAsync(body.Item1, body.Item2, body.Item3, RequestAuthor.Of(context, body.Item4), context.RequestAborted) is not { } id)
        {
            await ProblemDocument.WriteAsync(
                context, StatusCodes.Status409Conflict, "too_many", "As many alerts raised by hand are on as there may be (Netra:Alerting:MaxEmergencies); resolve those that are over.");
            return;
        }

        context.Response.StatusCode = StatusCodes.Status201Created;
        await JsonAnswer.WriteAsync(context, json => json.WriteString("id"u8, id));
    }

    private Task ListSilencesAsync(HttpContext context) => JsonAnswer.WriteAsync(context, json => JsonAnswer.WriteList(json, "silences", alerts.Silences, AlertDocuments.Write));

    private async Task SilenceAsync(HttpContext context)
    {
        var builtIn = alerts.BuiltIn;
        var body = await OperatorBody.ReadAsync(context, MonitoringRoutes.MaxBodyBytes, (body, problems) =>
        {
            var silence = AlertBodies.Silence(body);
            if (silence.Rule is not null && builtIn.Find(silence.Rule) is null)
            {
                problems.Add($"rule is '{silence.Rule}'; there is no such rule");
            }

            return Tuple.Create(silence, RequestAuthor.NamedIn(body));
        });
        if (body is null)
        {
            return;
        }

        var (rule, labels, comment, duration) = body.Item1;
        if (await alerts.SilenceAsync(rule, labels, comment, RequestAuthor.Of(context, body.Item2), duration, context.RequestAborted) is not { } silence)
        {
            await ProblemDocument.WriteAsync(context, StatusCodes.Status409Conflict, "too_many", "There are as many silences as there may be (Netra:Alerting:MaxSilences).");
            return;
        }

        context.Response.StatusCode = StatusCodes.Status201Created;
        await JsonAnswer.WriteAsync(context, json => AlertDocuments.WriteMembers(json, silence));
    }

    private async Task UnsilenceAsync(HttpContext context)
    {
        if (await alerts.UnsilenceAsync(MonitoringRoutes.Value(context, "id"), RequestAuthor.Of(context), context.RequestAborted) == AlertAnswer.Done)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await JsonAnswer.NotFoundAsync(context, "There is no silence of that id, or not any more.");
    }

    private async Task TestAsync(HttpContext context)
    {
        var channel = MonitoringRoutes.Value(context, "name");
        if (!alerts.Channels.Contains(channel, StringComparer.Ordinal))
        {
            await JsonAnswer.NotFoundAsync(context, $"There is no channel of that name; there are {string.Join(", ", alerts.Channels)}.");
            return;
        }

        var body = await OperatorBody.ReadAsync(context, MonitoringRoutes.MaxBodyBytes, static (body, _) => Tuple.Create(RequestAuthor.NamedIn(body)));
        if (body is null)
        {
            return;
        }

        if (await alerts.TestChannelAsync(channel, RequestAuthor.Of(context, body.Item1), context.RequestAborted) is { } problem)
        {
            await ProblemDocument.WriteAsync(context, StatusCodes.Status502BadGateway, "notification_failed", $"The channel {channel} has not taken it: {problem}");
            return;
        }

        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }
}
