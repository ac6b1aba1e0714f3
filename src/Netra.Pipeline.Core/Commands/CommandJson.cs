using System.Text.Encodings.Web;
using System.Text.Json;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Commands;

/// <summary>How commands are written: as JSON for parsers, never into HTML.</summary>
internal static class CommandJson
{
    public static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = ProtocolConstants.MaxDepth,
    };
}
