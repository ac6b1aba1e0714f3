using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Http;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// <c>GET /v1/dead-letters</c> (docs/protocol.md, section 9.5). Dead letters have their events with them, so a page is written as it is read: only a few of the largest ones are in memory at once.
/// </summary>
internal sealed class DeadLetterListing(IEventLog log, IOptions<WebhookOptions> webhook)
{
    private const int BatchLetters = 50;

    public async Task AnswerAsync(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var wanted = new DeadLetterQuery
        {
            UserId = query.UserId(),
            State = query.Choice<DeadLetterState>("state", DeadLetterJson.NameOf),
            After = query.After(),
            Limit = query.Limit(),
        };
        if (query.Problem is { } problem)
        {
            await JsonAnswer.BadRequestAsync(context, problem);
            return;
        }

        await WriteAsync(context, wanted);
    }

    private async Task WriteAsync(HttpContext context, DeadLetterQuery wanted)
    {
        var (body, cancellationToken) = (context.Response.Body, context.RequestAborted);
        var buffer = new ArrayBufferWriter<byte>();
        await using var json = new Utf8JsonWriter(buffer, JsonAnswer.Options);
        json.WriteStartObject();
        json.WriteStartArray("dead_letters"u8);
        var (left, last) = (wanted.Limit, wanted.After);
        while (true)
        {
            // One more than the page holds, to know whether there is another page.
            var asked = Math.Min(BatchLetters, left + 1);
            var batch = await log.DeadLetters.ListAsync(wanted with { After = last, Limit = asked }, cancellationToken);
            foreach (var letter in batch.Take(left))
            {
                json.WriteStartObject();
                DeadLetterJson.WriteMembers(json, letter, webhook.Value.IsEnabled);
                json.WriteEndObject();
                (left, last) = (left - 1, letter.Number);
            }

            var isListed = batch.Count == 0 || batch[^1].Number == last;
            if (isListed && batch.Count == asked)
            {
                await SendAsync();
                continue;
            }

            json.WriteEndArray();
            if (!isListed)
            {
                json.WriteNumber("next"u8, last);
            }

            json.WriteEndObject();
            await SendAsync();
            return;
        }

        async Task SendAsync()
        {
            await json.FlushAsync(cancellationToken);
            if (!context.Response.HasStarted)
            {
                JsonAnswer.Begin(context.Response);
            }

            await body.WriteAsync(buffer.WrittenMemory, cancellationToken);
            buffer.ResetWrittenCount();
        }
    }
}
