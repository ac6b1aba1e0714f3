using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Netra.Pipeline.Protocol;

/// <summary>
/// Encodes one JSON message into an array of its exact size. The growing buffer and the writer are kept per thread, so the array is the
/// only allocation; bodies must not write another message meanwhile.
/// </summary>
internal static class JsonMessage
{
    // What one large message grew is not kept for ever by every thread that once wrote one.
    private const int MaxKeptBytes = 64 * 1024;

    private static readonly JsonWriterOptions Options = new()
    {
        // Messages go to parsers, never into HTML; the default encoder would blow up every non-ASCII text six-fold.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>Encodes an object whose members <paramref name="members"/> writes.</summary>
    public static byte[] Write<TState>(TState state, Action<Utf8JsonWriter, TState> members)
    {
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(512);
        var writer = _writer ??= new Utf8JsonWriter(buffer, Options);
        buffer.ResetWrittenCount();
        writer.Reset(buffer);

        writer.WriteStartObject();
        members(writer, state);
        writer.WriteEndObject();
        writer.Flush();

        var message = buffer.WrittenSpan.ToArray();
        if (buffer.Capacity > MaxKeptBytes)
        {
            _buffer = null;
            _writer = null;
        }

        return message;
    }
}
