using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Netra.Pipeline.Access;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Operators;

namespace Netra.Pipeline.Alerting.Operators;

/// <summary>
/// The routes of what can be changed of alerting while it runs (docs/protocol.md, section 11): rules, escalation policy, and both with the
/// silences as one file. Safe to use from any thread.
/// </summary>
internal sealed class AlertConfigurationEndpoints(AlertCenter alerts)
{
    private const string Rules = MonitoringRoutes.Prefix + "/rules";
    private const string OneRule = Rules + "/{name}";
    private const string Policy = MonitoringRoutes.Prefix + "/escalation-policy";
    private const string Configuration = MonitoringRoutes.Prefix + "/configuration";

    public static void Map(IEndpointRouteBuilder endpoints) => new OperatorRoutes<AlertConfigurationEndpoints>(endpoints)
        .Get(Rules, "ListRules", static (self, _) => self.ListRules())
        .Get(OneRule, "ReadRule", static (self, context) => self.ReadRule(context))
        .Put(OneRule, "ChangeRule", AccessRights.Configure, static (self, context) => self.ChangeRuleAsync(context))
        .Get(Policy, "ReadPolicy", static (self, _) => self.ReadPolicy())
        .Put(Policy, "ChangePolicy", AccessRights.Configure, static (self, context) => self.ChangePolicyAsync(context))
        .Get(Configuration, "ExportConfiguration", static (self, _) => self.Export())
        .Put(Configuration, "ImportConfiguration", AccessRights.Configure, static (self, context) => self.ImportAsync(context));

    private static ProblemDocument NoRule() => ProblemDocument.NotFound("There is no rule of that name.");

    private AlertRule? RuleOf(HttpContext context)
    {
        var name = RouteSegment.Of(context, "name");
        return alerts.Rules.FirstOrDefault(rule => rule.Name == name);
    }

    private IResult ListRules() => JsonAnswer.Of(RuleList.Of(alerts.Rules), AlertingJson.Default.RuleList);

    private IResult ReadRule(HttpContext context)
        => RuleOf(context) is { } rule ? JsonAnswer.Of(RuleDocument.Of(rule), AlertingJson.Default.RuleDocument) : NoRule();

    private async Task<IResult> ChangeRuleAsync(HttpContext context)
        => RuleOf(context) is not { } rule ? NoRule() : await OperatorBody.AnswerAsync(
            context,
            AlertingJson.Default.RuleBody,
            (body, check) => body.Read(check, rule),
            async (settings, author) =>
            {
                await alerts.ChangeRuleAsync(settings, author, context.RequestAborted);
                return ReadRule(context);
            });

    private IResult ReadPolicy() => JsonAnswer.Of(PolicyDocument.Of(alerts.Policy), AlertingJson.Default.PolicyDocument);

    private Task<IResult> ChangePolicyAsync(HttpContext context) => OperatorBody.AnswerAsync(
        context,
        AlertingJson.Default.PolicyBody,
        (body, check) => Fitting(body.Read(check), check, alerts.ProblemsOf),
        async (policy, author) =>
        {
            await alerts.ChangePolicyAsync(policy, author, context.RequestAborted);
            return ReadPolicy();
        });

    private IResult Export() => JsonAnswer.Of(ConfigurationDocument.Of(alerts.Export()), AlertingJson.Default.ConfigurationDocument);

    private Task<IResult> ImportAsync(HttpContext context) => OperatorBody.AnswerAsync(
        context,
        AlertingJson.Default.ConfigurationDocument,
        (body, check) => Fitting(body.Read(check, alerts.BuiltIn), check, alerts.ProblemsOf),
        async (configuration, author) =>
        {
            await alerts.ImportAsync(configuration, author, context.RequestAborted);
            return Export();
        },
        MonitoringRoutes.MaxConfigurationBytes);

    // Whether it fits the rules and channels can be told only of what is valid in itself.
    private static T Fitting<T>(T wanted, BodyCheck check, Func<T, IReadOnlyList<string>> problemsOf)
    {
        foreach (var problem in check.AreNone ? problemsOf(wanted) : [])
        {
            check.Refuse(problem);
        }

        return wanted;
    }
}
