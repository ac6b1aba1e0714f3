using System.Text;
using System.Text.Json;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>An HTTP/1.1 response as it was on the wire.</summary>
internal sealed record RawResponse(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The <c>code</c> of a problem document; null when it is none.</summary>
    public string? Code => Header("Content-Type") == "application/problem+json"
        ? JsonDocument.Parse(Body).RootElement.GetProperty("code").GetString()
        : null;

    public string? Header(string name) => Headers.GetValueOrDefault(name);
}
