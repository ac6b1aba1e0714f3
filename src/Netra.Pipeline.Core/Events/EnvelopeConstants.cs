using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Events;

/// <summary>The members of the envelope that do not change from event to event of one emitter, encoded once.</summary>
internal sealed class EnvelopeConstants
{
    /// <param name="context">Whose run it is.</param>
    /// <param name="attempt">The attempt of the run; the first one is not said.</param>
    public EnvelopeConstants(UserExecutionContext context, int attempt = 1)
    {
        var number = attempt > 1 ? string.Create(CultureInfo.InvariantCulture, $",\"attempt\":{attempt}") : string.Empty;
        Attempt = attempt;
        Head = Encoding.UTF8.GetBytes(
            $"\",\"thread_id\":{Json(context.ThreadId)},\"run_id\":{Json(context.RunId)}{number},\"timestamp\":");
        Trace = context.Trace is { } trace ? TraceOf(trace) : [];
    }

    /// <summary>The attempt of the run that they name.</summary>
    public int Attempt { get; }

    /// <summary>From the quote that ends the type to the timestamp's colon.</summary>
    public byte[] Head { get; }

    /// <summary>The trace context's member with its comma; empty for none.</summary>
    public byte[] Trace { get; }

    public static byte[] TraceOf(TraceContext trace) => Encoding.UTF8.GetBytes(
        $",\"traceparent\":{Json(trace.TraceParent)}" + (trace.TraceState is { } state ? $",\"tracestate\":{Json(state)}" : string.Empty));

    /// <summary>The member that names the event which another one repeats, with its comma.</summary>
    public static byte[] ReplayOf(string eventId) => Encoding.UTF8.GetBytes($",\"replay_of\":{Json(eventId)}");

    private static string Json(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
