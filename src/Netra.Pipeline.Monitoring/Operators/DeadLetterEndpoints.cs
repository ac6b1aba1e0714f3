using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Http;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>The routes under <c>/v1/dead-letters</c> (docs/protocol.md, section 9.5): operators list dead letters, send them again, or drop them.</summary>
/// <remarks>
/// <para>Safe to use from any thread. Sending again and dropping take turns for each letter, so that of two operators who press at once the second finds it settled.</para>
/// <para>A letter that is sent again is emitted first and settled afterwards: the other way round, a process that ends in between would lose it. Ending in between leaves it waiting, though the event is stored; but the
/// event's key is stored with it (<see cref="IdempotencyHashes.OfReplay"/>), so the next try makes no second event: it finds the first one, and only settles. That holds as long as keys are kept
/// (<see cref="PublishOptions.IdempotencyWindow"/>).</para>
/// </remarks>
internal sealed class DeadLetterEndpoints : IDisposable
{
    private const string OneLetter = "/v1/dead-letters/{dead_letter_id}";

    // Letters that share a turn wait for each other, which costs no more than a commit.
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, 64).Select(static _ => new SemaphoreSlim(1, 1))];
    private readonly OperatorRoute _route;
    private readonly DeadLetterListing _listing;
    private readonly EventPublisher _publisher;
    private readonly IDeadLetterStore _letters;

    public DeadLetterEndpoints(OperatorRoute route, DeadLetterListing listing, EventPublisher publisher, IEventLog log)
        => (_route, _listing, _publisher, _letters) = (route, listing, publisher, log.DeadLetters);

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/dead-letters", static context => Of(context).ListAsync(context));
        endpoints.MapPost(OneLetter + "/replay", static context => Of(context).ReplayAsync(context));
        endpoints.MapDelete(OneLetter, static context => Of(context).DropAsync(context));
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_turns, static turn => turn.Dispose());

    private static DeadLetterEndpoints Of(HttpContext context) => context.RequestServices.GetRequiredService<DeadLetterEndpoints>();

    private Task ListAsync(HttpContext context) => _route.HandleAsync(context, "ListDeadLetters", _listing.AnswerAsync);

    private Task ReplayAsync(HttpContext context) => _route.HandleAsync(context, "ReplayDeadLetter", context => InTurnAsync(context, ReplayAsync));

    private Task DropAsync(HttpContext context) => _route.HandleAsync(context, "DropDeadLetter", context => InTurnAsync(context, DropAsync));

    private async Task InTurnAsync(HttpContext context, Func<HttpContext, DeadLetter, Task> settle)
    {
        var text = RouteSegment.Of(context, "dead_letter_id");
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number.ToString(CultureInfo.InvariantCulture) != text)
        {
            await NotFoundAsync(context);
            return;
        }

        var turn = _turns[number % _turns.Length];
        await turn.WaitAsync(context.RequestAborted);
        try
        {
            switch (await _letters.FindAsync(number, context.RequestAborted))
            {
                case null:
                    await NotFoundAsync(context);
                    break;
                case { State: DeadLetterState.Waiting } letter:
                    await settle(context, letter);
                    break;
                case { State: var state }:
                    await SettledAsync(context, state);
                    break;
            }
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task ReplayAsync(HttpContext context, DeadLetter letter)
    {
        await using var runs = _publisher.OpenRuns(context, isUrgent: true);
        var outcome = await _publisher.ReplayAsync(letter, runs, context.RequestAborted);
        var rejection = outcome.Rejection ?? await _publisher.ConfirmStoredAsync(outcome, context.RequestAborted);
        if (rejection is null)
        {
            // Not cancelled any more, now that the event is there. A device may have acknowledged the letter meanwhile, or retention deleted it: the event has been sent again all the same.
            await _letters.TrySettleAsync(letter.Number, DeadLetterState.Replayed, outcome.Id, CancellationToken.None);
        }

        await PublishAnswer.WriteAsync(context, outcome, rejection);
    }

    private async Task DropAsync(HttpContext context, DeadLetter letter)
    {
        if (await _letters.TrySettleAsync(letter.Number, DeadLetterState.Dropped, replayedAs: null, CancellationToken.None))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        // A device, or retention, was faster.
        await (await _letters.FindAsync(letter.Number, context.RequestAborted) is { } settled ? SettledAsync(context, settled.State) : NotFoundAsync(context));
    }

    private static Task NotFoundAsync(HttpContext context) => JsonAnswer.NotFoundAsync(context, "There is no dead letter of that number, or not any more.");

    private static Task SettledAsync(HttpContext context, DeadLetterState state) => ProblemDocument.WriteAsync(
        context, StatusCodes.Status409Conflict, "dead_letter_settled", $"The dead letter does not wait any more: it is {DeadLetterJson.NameOf(state)}.");
}
