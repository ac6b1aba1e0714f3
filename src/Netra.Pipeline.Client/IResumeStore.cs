namespace Netra.Pipeline.Client;

/// <summary>
/// Where a client keeps how far it has come, so that the next process goes on from there. A client calls it from one task at a time. What
/// it throws ends reading: a client that cannot keep its place must not go on as if it had.
/// </summary>
public interface IResumeStore
{
    /// <summary>What was saved last; null when nothing was.</summary>
    ValueTask<ResumePoint?> LoadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Keeps a point; called before the server hears of it, as often as acknowledgements are sent. If the process ends between handling
    /// an event and this, the event is handled again.
    /// </summary>
    ValueTask SaveAsync(ResumePoint point, CancellationToken cancellationToken);
}
