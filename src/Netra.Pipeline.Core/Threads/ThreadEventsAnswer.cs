using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Threads;

/// <summary>A page of a thread's events, each as it was sent.</summary>
/// <param name="ThreadId">The thread.</param>
/// <param name="Page">The events.</param>
internal sealed record ThreadEventsAnswer(string ThreadId, ThreadEvents Page) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext) => ThreadJson.WriteAsync(httpContext, Write);

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("thread_id"u8, ThreadId);
        json.WriteStartArray("events"u8);
        foreach (var stored in Page.Events)
        {
            // An emitter has written it.
            json.WriteRawValue(EventEnvelope.JsonOf(stored.Buffer).Span, skipInputValidation: true);
        }

        json.WriteEndArray();
        if (Page.Next is { } next)
        {
            json.WriteNumber("next"u8, next);
        }

        json.WriteEndObject();
    }
}
