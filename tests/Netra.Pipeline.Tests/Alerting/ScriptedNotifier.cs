using Netra.Pipeline.Alerting;

namespace Netra.Pipeline.Tests.Alerting;

/// <summary>A channel that does what a test says, and keeps what it was given. Safe for any number of threads.</summary>
internal sealed class ScriptedNotifier(string name, TimeProvider? time = null) : INotifier
{
    private readonly Lock _lock = new();
    private readonly List<(AlertNotification Notification, DateTimeOffset At)> _tried = [];
    private readonly List<AlertNotification> _taken = [];
    private int _calls;

    public string Name => name;

    public TimeSpan MinInterval { get; init; }

    /// <summary>What it does with a try; takes it by default.</summary>
    public Func<AlertNotification, CancellationToken, Task> Script { get; set; } = static (_, _) => Task.CompletedTask;

    /// <summary>Whether it was ever called while it was in a call.</summary>
    public bool WasCalledTwiceAtOnce { get; private set; }

    public IReadOnlyList<(AlertNotification Notification, DateTimeOffset At)> Tried
    {
        get
        {
            lock (_lock)
            {
                return [.. _tried];
            }
        }
    }

    /// <summary>What it took: kind and rule.</summary>
    public IReadOnlyList<string> Taken
    {
        get
        {
            lock (_lock)
            {
                return [.. _taken.Select(static taken => $"{AlertNames.Of(taken.Kind)} {taken.RuleName}")];
            }
        }
    }

    public async Task NotifyAsync(AlertNotification notification, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _tried.Add((notification, (time ?? TimeProvider.System).GetUtcNow()));
            WasCalledTwiceAtOnce |= _calls++ > 0;
        }

        try
        {
            await Script(notification, cancellationToken);
            lock (_lock)
            {
                _taken.Add(notification);
            }
        }
        finally
        {
            lock (_lock)
            {
                _calls--;
            }
        }
    }
}
