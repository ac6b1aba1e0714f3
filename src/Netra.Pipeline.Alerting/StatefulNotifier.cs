namespace Netra.Pipeline.Alerting;

/// <summary>
/// A channel that keeps the notifications it has sent. They are in memory alone, so it is given those of the open incidents when the next
/// process starts.
/// </summary>
internal abstract class StatefulNotifier : INotifier
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract TimeSpan MinInterval { get; }

    /// <inheritdoc/>
    public abstract Task NotifyAsync(AlertNotification notification, CancellationToken cancellationToken);

    /// <summary>
    /// Takes up an incident that began in an earlier process. Called at start, once for each level that the incident has reached.
    /// </summary>
    /// <param name="notification">The last notification of the incident at this level.</param>
    public abstract void Restore(AlertNotification notification);
}
