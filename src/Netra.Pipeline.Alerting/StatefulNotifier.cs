namespace Netra.Pipeline.Alerting;

/// <summary>A channel that keeps in memory what was sent over it. What it kept ends with the process, so it is handed the open incidents when the next one starts.</summary>
internal abstract class StatefulNotifier : INotifier
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract TimeSpan MinInterval { get; }

    /// <inheritdoc/>
    public abstract Task NotifyAsync(AlertNotification notification, CancellationToken cancellationToken);

    /// <summary>Takes up an incident that began in an earlier process. Called at start, once for each level that the incident has reached.</summary>
    /// <param name="notification">What was sent last of it at this level.</param>
    public abstract void Restore(AlertNotification notification);
}
