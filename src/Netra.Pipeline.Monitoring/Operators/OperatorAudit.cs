using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// Writes into the security audit what operators did with users' data: who asked, for which user or subject, and how it was answered,
/// whatever the outcome. Numbers of the whole pipeline belong to no user, and are not recorded. Safe to use from any thread.
/// </summary>
internal sealed class OperatorAudit(SecurityAudit audit)
{
    private const string Tenant = "tenant_id";
    private const string DashboardId = "dashboard_id";

    private static readonly string[] SubjectNames = ["user_id", "id", "dead_letter_id", "key_id"];

    // What names users, or credentials, without being asked for one.
    private static readonly string[] OfAllUsers = ["ListDeadLetters", "ReadUserFigures", "ReadTenantFigures", "ListKeys", "ReadAudit"];

    /// <summary>Has a request answered, and records it once its answer begins: an answer may last for hours.</summary>
    /// <param name="context">The request.</param>
    /// <param name="operation">What it asks for.</param>
    /// <param name="answer">Answers it.</param>
    public async Task WatchAsync(HttpContext context, string operation, Func<Task<IResult>> answer)
    {
        var isRecorded = false;
        context.Response.OnStarting(() =>
        {
            Record(context.Response.StatusCode);
            return Task.CompletedTask;
        });
        var isAnswered = false;
        try
        {
            await (await answer()).ExecuteAsync(context);
            isAnswered = true;
        }
        finally
        {
            Record(isAnswered ? context.Response.StatusCode : StatusCodes.Status500InternalServerError);
        }

        void Record(int status)
        {
            if (!isRecorded)
            {
                isRecorded = true;
                Write(context, operation, status);
            }
        }
    }

    private void Write(HttpContext context, string operation, int status)
    {
        var (who, remote) = (WhoIs(context), RequestPeer.Of(context));
        var subject = SubjectOf(context.Request);
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            audit.OperatorChanged(who, remote, operation, subject, status);
        }
        else if (subject is not null || OfAllUsers.Contains(operation) || IsOfUsers(context))
        {
            audit.OperatorRead(who, remote, operation, subject ?? "all users", status);
        }
    }

    // The dashboards are read by one operation; one of them is of users.
    private static bool IsOfUsers(HttpContext context) => context.Request.RouteValues.ContainsKey(DashboardId)
        && Dashboards.Find(RouteSegment.Of(context, DashboardId)) == Dashboard.UserDiagnostics;

    private static string? WhoIs(HttpContext context) => RequestAuthor.IdOf(context.User) is { Length: > 0 } id ? id : null;

    // A value from outside goes into a log only in the form that ids have.
    private static string Shown(string name, string value)
        => IdentifierRules.ProblemOf(value, name) is null ? $"{name} {value}" : $"{name} (not valid)";

    private static string? SubjectOf(HttpRequest request)
    {
        foreach (var name in SubjectNames)
        {
            if (((request.RouteValues.ContainsKey(name) ? RouteSegment.Of(request.HttpContext, name) : null)
                ?? request.Query[name].FirstOrDefault()) is { } value)
            {
                return request.Query[Tenant].FirstOrDefault() is { } tenant
                    ? $"{Shown(name, value)} of {Shown(Tenant, tenant)}"
                    : Shown(name, value);
            }
        }

        return null;
    }
}
