using System.Net;
using System.Text.Json;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>The answer to one published event, to the byte.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Body">Its body.</param>
/// <param name="IsReplay">Whether it says that it has been given before.</param>
internal sealed record ExactAnswer(HttpStatusCode Status, string Body, bool IsReplay)
{
    public JsonElement Json => JsonElement.Parse(Body);
}
