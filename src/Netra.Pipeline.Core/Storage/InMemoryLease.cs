namespace Netra.Pipeline.Storage;

/// <summary>A lease of <see cref="InMemoryEventLog"/>: it knows its stream, so that appending needs no look-up.</summary>
internal sealed class InMemoryLease(InMemoryStream stream) : StreamLease
{
    public InMemoryStream Stream { get; } = stream;

    /// <summary>Who owns it; set when it is granted.</summary>
    public IStreamOwner? Owner { get; set; }
}
