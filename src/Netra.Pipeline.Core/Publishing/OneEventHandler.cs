using System.Buffers;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Publishing;

/// <summary>A request with one event: answered when the event is stored, or with a problem document.</summary>
internal sealed class OneEventHandler(EventPublisher publisher)
{
    public async Task HandleAsync(HttpContext context)
    {
        var cancellationToken = context.RequestAborted;
        await using var runs = publisher.OpenRuns(context, isUrgent: true);
        var outcome = await PublishBodyAsync(context, runs, cancellationToken);
        var rejection = outcome.Rejection ?? await publisher.ConfirmStoredAsync(outcome, cancellationToken);
        await PublishAnswer.WriteAsync(context, outcome, rejection);
    }

    private async ValueTask<PublishOutcome> PublishBodyAsync(HttpContext context, PublishRuns runs, CancellationToken cancellationToken)
    {
        var body = context.Request.BodyReader;
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            if (buffer.Length > publisher.MaxBodyBytes)
            {
                // Read so far even where its length was announced: its beginning says who is missing it.
                var rejected = publisher.RejectTooLong("body", buffer);
                body.AdvanceTo(buffer.End);
                return rejected;
            }

            if (result.IsCompleted)
            {
                var json = JsonBody.WithoutMark(buffer);
                var outcome = await publisher.PublishAsync(json.IsSingleSegment ? json.First : json.ToArray(), runs, cancellationToken);
                body.AdvanceTo(buffer.End);
                return outcome;
            }

            body.AdvanceTo(buffer.Start, buffer.End);
        }
    }
}
