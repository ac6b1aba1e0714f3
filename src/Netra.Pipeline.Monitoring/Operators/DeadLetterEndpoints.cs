using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Access;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Http;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// The routes under <c>/v1/dead-letters</c> (docs/protocol.md, section 9.5): operators list dead letters, send them again, or drop them.
/// </summary>
/// <remarks>
/// <para>Safe to use from any thread. Sending again and dropping take turns for each letter, so that of two operators who act at once the
/// second finds it settled.</para>
/// <para>A letter that is sent again is emitted first and settled afterwards: the other way round, a process that ends in between would
/// lose it. Ending in between leaves it waiting, though the event is stored; but the event's key is stored with it
/// (<see cref="IdempotencyHashes.OfReplay"/>), so the next try makes no second event: it finds the first one, and only settles. That holds
/// as long as keys are kept (<see cref="PublishOptions.IdempotencyWindow"/>).</para>
/// </remarks>
internal sealed class DeadLetterEndpoints : IDisposable
{
    private const string OneLetter = "/v1/dead-letters/{dead_letter_id}";

    // Letters that share a turn wait for each other, which costs no more than a commit.
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, 64).Select(static _ => new SemaphoreSlim(1, 1))];
    private readonly EventPublisher _publisher;
    private readonly IDeadLetterStore _letters;
    private readonly bool _hasWebhook;

    public DeadLetterEndpoints(EventPublisher publisher, IEventLog log, IOptions<WebhookOptions> webhook)
        => (_publisher, _letters, _hasWebhook) = (publisher, log.DeadLetters, webhook.Value.IsEnabled);

    public static void Map(IEndpointRouteBuilder endpoints) => new OperatorRoutes<DeadLetterEndpoints>(endpoints)
        .Get("/v1/dead-letters", "ListDeadLetters", static (self, context) => self.List(context), AccessRights.Read)
        .Post(
            OneLetter + "/replay",
            "ReplayDeadLetter",
            AccessRights.Act,
            static (self, context) => self.InTurnAsync(context, self.ReplayAsync))
        .Delete(
            OneLetter, "DropDeadLetter", AccessRights.Act, static (self, context) => self.InTurnAsync(context, self.DropAsync));

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_turns, static turn => turn.Dispose());

    private static ProblemDocument NotFound() => ProblemDocument.NotFound("There is no dead letter of that number, or not any more.");

    private static ProblemDocument Settled(DeadLetterState state) => new ProblemDocument(
        StatusCodes.Status409Conflict,
        "dead_letter_settled",
        $"The dead letter does not wait any more: it is {DeadLetterJson.NameOf(state)}.");

    private IResult List(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var user = NamedUser.InQuery(context, query);
        var tenantId = user is null ? NamedUser.TenantInQuery(context, query) : null;
        var wanted = new DeadLetterQuery
        {
            UserId = user,
            TenantId = tenantId,
            State = query.Choice<DeadLetterState>("state", DeadLetterJson.NameOf),
            After = query.After(),
            Limit = query.Limit(),
        };
        return query.Problem is { } problem
            ? ProblemDocument.BadRequest(problem)
            : AccessGuard.RefuseUserOrTenant(context, user, tenantId)
                ?? (IResult)new DeadLetterPage(_letters, wanted, _hasWebhook);
    }

    private async Task<IResult> InTurnAsync(HttpContext context, Func<HttpContext, DeadLetter, Task<IResult>> settle)
    {
        var text = RouteSegment.Of(context, "dead_letter_id");
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number.ToString(CultureInfo.InvariantCulture) != text)
        {
            return NotFound();
        }

        var turn = _turns[number % _turns.Length];
        await turn.WaitAsync(context.RequestAborted);
        try
        {
            return await _letters.FindAsync(number, context.RequestAborted) switch
            {
                null => NotFound(),
                { UserId: var user } when !Caller.Of(context).Covers(user) => NotFound(),
                { State: DeadLetterState.Waiting } letter => await settle(context, letter),
                { State: var state } => Settled(state),
            };
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<IResult> ReplayAsync(HttpContext context, DeadLetter letter)
    {
        await using var request = _publisher.Begin(context, isUrgent: true);
        var outcome = await _publisher.ReplayAsync(letter, request, context.RequestAborted);
        var rejection = outcome.Rejection ?? await _publisher.ConfirmStoredAsync(outcome, context.RequestAborted);
        if (rejection is null)
        {
            // Not cancelled any more, now that the event is stored. A device may have acknowledged the letter meanwhile, or retention
            // deleted it: the event has been sent again all the same.
            await _letters.TrySettleAsync(letter.Number, DeadLetterState.Replayed, outcome.Id, CancellationToken.None);
        }

        return JsonAnswer.By(context => PublishAnswer.WriteAsync(context, outcome, rejection));
    }

    private async Task<IResult> DropAsync(HttpContext context, DeadLetter letter)
    {
        if (await _letters.TrySettleAsync(letter.Number, DeadLetterState.Dropped, replayedAs: null, CancellationToken.None))
        {
            return JsonAnswer.Empty(StatusCodes.Status204NoContent);
        }

        // A device, or retention, has settled it first.
        return await _letters.FindAsync(letter.Number, context.RequestAborted) is { } settled ? Settled(settled.State) : NotFound();
    }
}
