namespace Netra.Pipeline.Events;

/// <summary>
/// A request from outside of the process that publishes. A run knows the one that published to it last: what pages want of the run goes
/// there. Compared by reference.
/// </summary>
/// <param name="id">Whose request it is; empty for who is not authenticated.</param>
internal sealed class RunPublisher(string id)
{
    public string Id { get; } = id;
}
