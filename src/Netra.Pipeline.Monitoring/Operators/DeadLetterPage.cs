using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// Answers with a page of dead letters (docs/protocol.md, section 9.5). Dead letters have their events with them, so a page is written as
/// it is read: only a few of the largest ones are in memory at once.
/// </summary>
/// <param name="letters">The dead letters.</param>
/// <param name="wanted">Which ones.</param>
/// <param name="hasWebhook">Whether a webhook is configured.</param>
internal sealed class DeadLetterPage(IDeadLetterStore letters, DeadLetterQuery wanted, bool hasWebhook) : IResult
{
    private const int BatchLetters = 50;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, cancellationToken) = (httpContext.Response, httpContext.RequestAborted);
        var buffer = new ArrayBufferWriter<byte>();
        await using var json = new Utf8JsonWriter(buffer, JsonAnswer.Options);
        json.WriteStartObject();
        json.WriteStartArray("dead_letters"u8);
        var (left, last) = (wanted.Limit, wanted.After);
        while (true)
        {
            // One more than the page holds, to know whether there is another page.
            var asked = Math.Min(BatchLetters, left + 1);
            var batch = await letters.ListAsync(wanted with { After = last, Limit = asked }, cancellationToken);
            foreach (var letter in batch.Take(left))
            {
                json.WriteStartObject();
                DeadLetterJson.WriteMembers(json, letter, hasWebhook);
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
            if (!response.HasStarted)
            {
                JsonAnswer.Begin(response);
            }

            await response.Body.WriteAsync(buffer.WrittenMemory, cancellationToken);
            buffer.ResetWrittenCount();
        }
    }
}
