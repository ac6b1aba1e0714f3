using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>What a dashboard shows at a moment, and how it is written. Immutable.</summary>
/// <param name="content">The content.</param>
/// <param name="type">How it is written.</param>
internal sealed class DashboardDocument(object content, JsonTypeInfo type)
{
    /// <summary>As the answer to a request.</summary>
    public IResult Answer() => JsonAnswer.Of(content, type);

    /// <summary>As JSON in one line.</summary>
    public ReadOnlyMemory<byte> ToLine()
    {
        var line = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(line, JsonAnswer.Options))
        {
            JsonSerializer.Serialize(json, content, type);
        }

        return line.WrittenMemory;
    }
}
