namespace Netra.Pipeline.Log;

/// <summary>A lease of <see cref="InMemoryEventLog"/>: it knows its stream, so that appending needs no look-up.</summary>
internal sealed class InMemoryLease(InMemoryStream stream, Action<long> committed) : StreamLease
{
    public InMemoryStream Stream { get; } = stream;

    public Action<long> Committed { get; } = committed;
}
