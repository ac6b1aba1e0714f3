using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Emission;

/// <summary>
/// Encodes the body of one event at a time into a scratch buffer of its thread, so that the only allocation of an event is its final
/// buffer. Not thread-safe: it never leaves the call that rented it.
/// </summary>
internal sealed class EventEncoder
{
    private const long TicksPerMicrosecond = TimeSpan.TicksPerMillisecond / 1000;
    private const int FractionDigits = 6;
    private const int MaxSecondsLength = 32;
    private const int KeptBytes = 64 * 1024;

    [ThreadStatic]
    private static EventEncoder? _current;

    private readonly ArrayBufferWriter<byte> _buffer = new(1024);

    private EventEncoder() => Data = new Utf8JsonWriter(_buffer, new JsonWriterOptions
    {
        // JSON in a text frame is no HTML: everything but quotes, backslashes and controls stays readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,

        // The envelope is one level already; readers refuse what is nested deeper.
        MaxDepth = ProtocolConstants.MaxDepth - 1,
    });

    /// <summary>The attempt that the envelope names.</summary>
    public int Attempt { get; set; }

    /// <summary>Writes the members of <c>data</c>, between <see cref="Begin"/> and <see cref="Finish"/>.</summary>
    public Utf8JsonWriter Data { get; }

    /// <summary>The thread's encoder; a new one if it is in use, which happens only when encoding a value of the caller emits.</summary>
    public static EventEncoder Rent()
    {
        var encoder = _current ?? new EventEncoder();
        _current = null;
        return encoder;
    }

    public void Return()
    {
        // One large event must not keep its buffer for the life of the thread.
        _current = _buffer.Capacity <= KeptBytes ? this : null;
    }

    /// <summary>Writes the envelope up to <c>data</c>.</summary>
    /// <param name="type">The event's type.</param>
    /// <param name="constant">The members that an emitter's events share, as <see cref="EnvelopeConstants"/> encodes them.</param>
    /// <param name="timestamp">When it is accepted.</param>
    public void Begin(EventType type, ReadOnlySpan<byte> constant, DateTimeOffset timestamp)
    {
        _buffer.ResetWrittenCount();
        var name = EventTypes.Utf8Name(type);
        var span = _buffer.GetSpan(8 + name.Length + constant.Length + MaxSecondsLength + 8);
        "\"type\":\""u8.CopyTo(span);
        name.CopyTo(span[8..]);
        var length = 8 + name.Length;
        constant.CopyTo(span[length..]);
        length += constant.Length;
        length += FormatSeconds(timestamp, span[length..]);
        ",\"data\":"u8.CopyTo(span[length..]);
        _buffer.Advance(length + 8);
        Data.Reset(_buffer);
    }

    /// <summary>Takes <c>data</c> as it is: one JSON object, checked by the caller.</summary>
    public void WriteRaw(ReadOnlySpan<byte> json) => _buffer.Write(json);

    /// <summary>Writes a timestamp inside raw data, in seconds with a fraction.</summary>
    public void WriteSeconds(DateTimeOffset timestamp) => _buffer.Advance(FormatSeconds(timestamp, _buffer.GetSpan(MaxSecondsLength)));

    /// <summary>Ends the envelope.</summary>
    /// <param name="trace">The trace context's member, as <see cref="EnvelopeConstants"/> encodes it; empty for none.</param>
    /// <returns>The body; valid until the encoder is used again.</returns>
    public ReadOnlySpan<byte> Finish(ReadOnlySpan<byte> trace)
    {
        Data.Flush();
        var span = _buffer.GetSpan(trace.Length + 1);
        trace.CopyTo(span);
        span[trace.Length] = (byte)'}';
        _buffer.Advance(trace.Length + 1);
        return _buffer.WrittenSpan;
    }

    /// <summary>Writes which tool is called, and under which id.</summary>
    public void WriteTool(string toolName, string? callId)
    {
        Data.WriteString("tool_name"u8, toolName);
        if (callId is not null)
        {
            Data.WriteString("call_id"u8, callId);
        }
    }

    /// <summary>Writes what went wrong, if anything did.</summary>
    public void WriteError(EventError? error)
    {
        if (error is not null)
        {
            Data.WriteStartObject("error"u8);
            Data.WriteString("code"u8, error.Code);
            Data.WriteString("message"u8, error.Message);
            Data.WriteEndObject();
        }
    }

    /// <summary>Writes what a run has cost, if it says so.</summary>
    public void WriteUsage(TokenUsage? usage)
    {
        if (usage is null)
        {
            return;
        }

        Data.WriteStartObject("usage"u8);
        if (usage.InputTokens is { } input)
        {
            Data.WriteNumber("input_tokens"u8, input);
        }

        if (usage.OutputTokens is { } output)
        {
            Data.WriteNumber("output_tokens"u8, output);
        }

        WriteText("provider_name"u8, usage.ProviderName);
        WriteText("request_model"u8, usage.RequestModel);
        WriteText("response_model"u8, usage.ResponseModel);
        Data.WriteEndObject();
    }

    private void WriteText(ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null)
        {
            Data.WriteString(name, text);
        }
    }

    private static int FormatSeconds(DateTimeOffset timestamp, Span<byte> destination)
    {
        // Formatted once, as microseconds with at least one digit before the fraction; then the fraction makes room for its point.
        var micros = (timestamp.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TicksPerMicrosecond;
        Utf8Formatter.TryFormat(micros, destination, out var digits, new StandardFormat('D', FractionDigits + 1));
        var fraction = destination.Slice(digits - FractionDigits, FractionDigits);
        fraction.CopyTo(destination[(digits - FractionDigits + 1)..]);
        destination[digits - FractionDigits] = (byte)'.';
        return digits + 1;
    }
}
