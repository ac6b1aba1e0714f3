using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Threads;

/// <summary>A page of a user's threads.</summary>
/// <param name="Threads">The threads, the one with the latest event first.</param>
/// <param name="Next">Where the page that follows begins; null for the last page.</param>
internal sealed record ThreadListAnswer(IReadOnlyList<ListedThread> Threads, long? Next) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext) => ThreadJson.WriteAsync(httpContext, Write);

    private static void Write(Utf8JsonWriter json, ListedThread thread)
    {
        var (summary, waiting) = (thread.Summary, thread.Waiting);
        json.WriteStartObject();
        json.WriteString("thread_id"u8, summary.ThreadId);
        if (summary.Title is { } title)
        {
            json.WriteString("title"u8, title);
        }

        json.WriteStartObject("last_event"u8);
        json.WriteNumber("seq"u8, summary.LastSeq);
        json.WriteString("type"u8, EventTypes.Utf8Name(summary.LastType));
        json.WriteNumber("timestamp"u8, ThreadJson.SecondsOf(summary.LastAt));
        json.WriteEndObject();
        json.WriteStartArray("open_runs"u8);
        foreach (var run in summary.OpenRuns)
        {
            json.WriteStringValue(run);
        }

        json.WriteEndArray();
        json.WriteStartArray("waiting"u8);
        foreach (var request in waiting)
        {
            Write(json, request);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ThreadWaiting request)
    {
        json.WriteStartObject();
        json.WriteString("run_id"u8, request.RunId);
        json.WriteString("request_id"u8, request.RequestId);
        json.WriteString("kind"u8, request.Kind);
        json.WriteString("prompt"u8, request.Prompt);
        if (!request.Options.IsEmpty)
        {
            json.WritePropertyName("options"u8);
            json.WriteRawValue(request.Options.Span);
        }

        if (request.Until is { } until)
        {
            json.WriteNumber("until"u8, ThreadJson.SecondsOf(until));
        }

        json.WriteNumber("since"u8, ThreadJson.SecondsOf(request.Since));
        json.WriteEndObject();
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("threads"u8);
        foreach (var thread in Threads)
        {
            Write(json, thread);
        }

        json.WriteEndArray();
        if (Next is { } next)
        {
            json.WriteString("next"u8, next.ToString(CultureInfo.InvariantCulture));
        }

        json.WriteEndObject();
    }
}

/// <summary>A thread, and what it waits for.</summary>
internal sealed record ListedThread(ThreadSummary Summary, IReadOnlyList<ThreadWaiting> Waiting);
