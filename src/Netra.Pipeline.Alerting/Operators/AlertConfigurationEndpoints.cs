using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Operators;

namespace Netra.Pipeline.Alerting.Operators;

/// <summary>The routes of what can be changed of alerting while it runs (docs/protocol.md, section 11): rules, escalation policy, and both with the silences as one file. Safe to use from any thread.</summary>
internal sealed class AlertConfigurationEndpoints(OperatorRoute route, AlertCenter alerts)
{
    private const string Rules = MonitoringRoutes.Prefix + "/rules";
    private const string OneRule = Rules + "/{name}";
    private const string Policy = MonitoringRoutes.Prefix + "/escalation-policy";
    private const string Configuration = MonitoringRoutes.Prefix + "/configuration";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(Rules, static context => Of(context).Handle(context, "ListRules", static (self, context) => self.ListRulesAsync(context)));
        endpoints.MapGet(OneRule, static context => Of(context).Handle(context, "ReadRule", static (self, context) => self.ReadRuleAsync(context)));
        endpoints.MapPut(OneRule, static context => Of(context).Handle(context, "ChangeRule", static (self, context) => self.ChangeRuleAsync(context)));
        endpoints.MapGet(Policy, static context => Of(context).Handle(context, "ReadPolicy", static (self, context) => self.ReadPolicyAsync(context)));
        endpoints.MapPut(Policy, static context => Of(context).Handle(context, "ChangePolicy", static (self, context) => self.ChangePolicyAsync(context)));
        endpoints.MapGet(Configuration, static context => Of(context).Handle(context, "ExportConfiguration", static (self, context) => self.ExportAsync(context)));
        endpoints.MapPut(Configuration, static context => Of(context).Handle(context, "ImportConfiguration", static (self, context) => self.ImportAsync(context)));
    }

    private static AlertConfigurationEndpoints Of(HttpContext context) => context.RequestServices.GetRequiredService<AlertConfigurationEndpoints>();

    private static Task NoRuleAsync(HttpContext context) => JsonAnswer.NotFoundAsync(context, "There is no rule of that name.");

    private Task Handle(HttpContext context, string operation, Func<AlertConfigurationEndpoints, HttpContext, Task> answer)
        => route.HandleAsync(context, operation, context => answer(this, context));

    private AlertRule? RuleOf(HttpContext context)
    {
        var name = MonitoringRoutes.Value(context, "name");
        return alerts.Rules.FirstOrDefault(rule => rule.Name == name);
    }

    private Task ListRulesAsync(HttpContext context) => JsonAnswer.WriteAsync(context, json => JsonAnswer.WriteList(json, "rules", alerts.Rules, AlertDocuments.Write));

    private Task ReadRuleAsync(HttpContext context) => RuleOf(context) is { } rule ? JsonAnswer.WriteAsync(context, json => AlertDocuments.WriteMembers(json, rule)) : NoRuleAsync(context);

    private async Task ChangeRuleAsync(HttpContext context)
    {
        if (RuleOf(context) is not { } rule)
        {
            await NoRuleAsync(context);
            return;
        }

        var body = await OperatorBody.ReadAsync(context, MonitoringRoutes.MaxBodyBytes, (body, problems) =>
        {
            var settings = AlertBodies.Rule(body, rule);
            AddIfAny(problems, RuleSettingsCheck.ProblemOf(settings, rule));
            return Tuple.Create(settings, RequestAuthor.NamedIn(body));
        });
        if (body is not null)
        {
            await alerts.ChangeRuleAsync(body.Item1, RequestAuthor.Of(context, body.Item2), context.RequestAborted);
            await ReadRuleAsync(context);
        }
    }

    private Task ReadPolicyAsync(HttpContext context) => JsonAnswer.WriteAsync(context, json => AlertDocuments.WriteMembers(json, alerts.Policy));

    private async Task ChangePolicyAsync(HttpContext context)
    {
        var body = await OperatorBody.ReadAsync(context, MonitoringRoutes.MaxBodyBytes, (body, problems) =>
        {
            var policy = AlertBodies.Policy(body);
            if (problems.Count == 0)
            {
                problems.AddRange(alerts.ProblemsOf(policy));
            }

            return Tuple.Create(policy, RequestAuthor.NamedIn(body));
        });
        if (body is not null)
        {
            await alerts.ChangePolicyAsync(body.Item1, RequestAuthor.Of(context, body.Item2), context.RequestAborted);
            await ReadPolicyAsync(context);
        }
    }

    private Task ExportAsync(HttpContext context) => JsonAnswer.WriteAsync(context, json => AlertDocuments.WriteMembers(json, alerts.Export()));

    private async Task ImportAsync(HttpContext context)
    {
        var body = await OperatorBody.ReadAsync(context, MonitoringRoutes.MaxConfigurationBytes, (body, problems) =>
        {
            var configuration = AlertBodies.Configuration(body, alerts.BuiltIn, problems);
            if (problems.Count == 0)
            {
                problems.AddRange(alerts.ProblemsOf(configuration));
            }

            return Tuple.Create(configuration, RequestAuthor.NamedIn(body));
        });
        if (body is not null)
        {
            await alerts.ImportAsync(body.Item1, RequestAuthor.Of(context, body.Item2), context.RequestAborted);
            await ExportAsync(context);
        }
    }

    private static void AddIfAny(List<string> problems, string? problem)
    {
        if (problem is not null)
        {
            problems.Add(problem);
        }
    }
}
