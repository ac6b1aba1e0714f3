using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Delivery;

/// <summary>
/// One stream with critical events that a device owes, or with dead letters to be settled; it keeps the stream loaded, or the count of tries would be forgotten while a closed page comes back. The retries' loop owns it;
/// while <see cref="Work"/> runs, that owns <see cref="Retry"/>, one piece of work at a time.
/// </summary>
internal sealed class StreamDelivery(UserStream stream, CriticalRetry retry)
{
    public UserStream Stream { get; } = stream;

    public CriticalRetry Retry { get; } = retry;

    /// <summary>The round that looked after it last.</summary>
    public long Round { get; set; }

    /// <summary>What goes on with the log. Never faults.</summary>
    public Task Work { get; set; } = Task.CompletedTask;

    /// <summary>Before this timestamp the log is not asked to settle anything; 0 for at once.</summary>
    public long SettlesAt { get; set; }

    public bool IsOver => Work.IsCompleted && Retry.Seq == 0 && !Stream.HasRevived;
}
