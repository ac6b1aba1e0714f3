using Netra.Pipeline.Alerting;

namespace Netra.Pipeline.EmbeddingHost;

/// <summary>Tells the desk beside the server what is wrong.</summary>
public sealed class DeskNotifier(ILogger<DeskNotifier> logger) : INotifier
{
    public string Name => "desk";

    public TimeSpan MinInterval => TimeSpan.Zero;

    public Task NotifyAsync(AlertNotification notification, CancellationToken cancellationToken)
    {
        logger.LogWarning("{Kind}: {Summary}", notification.Kind, notification.Summary);
        return Task.CompletedTask;
    }
}
