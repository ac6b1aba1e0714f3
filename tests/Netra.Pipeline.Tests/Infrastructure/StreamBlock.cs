namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>What came between two empty lines of an event stream.</summary>
/// <param name="Id">The id; null when there was none.</param>
/// <param name="Event">The event's type; null for a message.</param>
/// <param name="Data">The data, its lines joined as a browser joins them; null for a comment.</param>
/// <param name="Retry">The time to wait before reconnecting; null when it was not named.</param>
internal sealed record StreamBlock(string? Id, string? Event, string? Data, string? Retry)
{
    public bool IsComment => this is { Id: null, Event: null, Data: null, Retry: null };
}
