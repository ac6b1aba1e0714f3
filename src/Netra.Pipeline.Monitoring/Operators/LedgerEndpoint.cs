using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary><c>GET /v1/ledger</c> (docs/protocol.md, section 9.4): what became of every event, or of one user's.</summary>
internal sealed class LedgerEndpoint(OperatorRoute route, Ledger ledger)
{
    public static void Map(IEndpointRouteBuilder endpoints)
        => endpoints.MapGet("/v1/ledger", static context => context.RequestServices.GetRequiredService<LedgerEndpoint>().HandleAsync(context));

    private Task HandleAsync(HttpContext context) => route.HandleAsync(context, "ReadLedger", AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var user = query.UserId();
        if (query.Problem is { } problem)
        {
            await JsonAnswer.BadRequestAsync(context, problem);
            return;
        }

        var report = user is null ? ledger.Read() : await ledger.ReadAsync(user, context.RequestAborted);
        if (report is null)
        {
            await JsonAnswer.NotFoundAsync(context, "That user has no stream.");
            return;
        }

        await JsonAnswer.WriteAsync(context, json => Write(json, report));
    }

    /// <summary>Writes the accounts.</summary>
    public static void Write(Utf8JsonWriter json, LedgerReport report)
    {
        json.WriteString("epoch"u8, report.Epoch);
        json.WriteNumber("accepted"u8, report.Account.Accepted);
        json.WriteNumber("acknowledged"u8, report.Account.Acknowledged);
        json.WriteNumber("pending"u8, report.Account.Pending);
        json.WriteNumber("pending_offline"u8, report.PendingOffline);
        json.WriteNumber("expired"u8, report.Account.Expired);
        json.WriteNumber("dead_lettered"u8, report.Account.DeadLettered);
        json.WriteNumber("unaccounted"u8, report.Account.Unaccounted);
        json.WriteNumber("streams"u8, report.Streams);
        json.WriteNumber("loaded_streams"u8, report.LoadedStreams);
        json.WriteNumber("timestamp"u8, JsonAnswer.Seconds(report.At));
    }
}
