using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Emission;

/// <summary>The data of an event that came over HTTP: checked, and kept as it was written.</summary>
/// <param name="Type">The event's type.</param>
/// <param name="Json">One JSON object, valid UTF-8.</param>
/// <param name="AddMetadata">Whether the type has <c>metadata</c> and the publisher gave none.</param>
/// <param name="AddTimestamp">Whether the type has <c>timestamp</c> and the publisher gave none.</param>
internal readonly record struct PublishedData(EventType Type, ReadOnlyMemory<byte> Json, bool AddMetadata, bool AddTimestamp)
{
    /// <summary>What the flow of the run depends on.</summary>
    public EventSubject Subject { get; init; }

    public void WriteTo(EventEncoder encoder, DateTimeOffset now)
    {
        // The publisher's object, opened again: what is missing goes first, then its members as they are.
        var members = Json.Span[1..];
        encoder.WriteRaw("{"u8);
        if (AddMetadata)
        {
            encoder.WriteRaw("\"metadata\":{}"u8);
        }

        if (AddTimestamp)
        {
            encoder.WriteRaw(AddMetadata ? ",\"timestamp\":"u8 : "\"timestamp\":"u8);
            encoder.WriteSeconds(now);
        }

        if ((AddMetadata || AddTimestamp) && members.TrimStart(" \t\r\n"u8) is not [(byte)'}', ..])
        {
            encoder.WriteRaw(","u8);
        }

        encoder.WriteRaw(members);
    }
}
