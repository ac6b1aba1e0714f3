using System.Text.Json.Serialization;

namespace Netra.Pipeline.Security.Operators;

/// <summary>How the documents and bodies of these routes are written and read. A member that is null is left out.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(KeyBody))]
[JsonSerializable(typeof(KeyDocument))]
[JsonSerializable(typeof(KeyList))]
[JsonSerializable(typeof(RevocationBody))]
[JsonSerializable(typeof(TicketBody))]
[JsonSerializable(typeof(TicketDocument))]
internal sealed partial class SecurityJson : JsonSerializerContext;
