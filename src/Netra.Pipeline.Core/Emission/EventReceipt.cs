using Netra.Pipeline.Events;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

/// <summary>Says that an event was accepted: it has its number, and the log has it in hand.</summary>
public readonly struct EventReceipt : IEquatable<EventReceipt>
{
    private readonly UserStream? _stream;

    internal EventReceipt(UserStream stream, long seq, EventStatus status) => (_stream, Seq, Status) = (stream, seq, status);

    /// <summary>The event's number in its user's stream.</summary>
    public long Seq { get; }

    /// <summary>Where it stood.</summary>
    public EventStatus Status { get; }

    /// <summary>The event's id; empty for a default receipt.</summary>
    public string Id => _stream?.IdOf(Seq) ?? string.Empty;

    /// <summary>Completes when the log has stored the event.</summary>
    /// <param name="cancellationToken">Cancels waiting; the event is not affected.</param>
    public Task WhenStoredAsync(CancellationToken cancellationToken = default)
        => _stream is null ? Task.CompletedTask : _stream.WhenCommittedAsync(Seq).WaitAsync(cancellationToken);

    /// <summary>How far the event has come at this moment. A connection that has ended does not count any more: what it had is sent again on the next one.</summary>
    public DeliveryStage Stage => _stream?.StageOf(Seq) ?? DeliveryStage.Accepted;

    /// <summary>Completes when the event has come to a stage.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for as long as it takes.</param>
    /// <param name="cancellationToken">Cancels waiting; the event is not affected.</param>
    /// <exception cref="TimeoutException">It has not come there in time. It is still on its way.</exception>
    /// <exception cref="Failures.EventDroppedException">It expired before (<c>event_dropped</c>).</exception>
    /// <exception cref="Failures.SendFailureException">It became a dead letter (<c>critical_delivery_failed</c>), or the log ended without storing it (<c>log_failed</c>).</exception>
    public Task WhenAsync(DeliveryStage stage, TimeSpan timeout, CancellationToken cancellationToken = default)
        => _stream is null ? Task.CompletedTask : _stream.WhenStageAsync(Seq, stage, timeout, cancellationToken);

    /// <inheritdoc/>
    public bool Equals(EventReceipt other) => ReferenceEquals(_stream, other._stream) && Seq == other.Seq;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is EventReceipt other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Seq.GetHashCode();

    /// <summary>Whether two receipts are for the same event.</summary>
    public static bool operator ==(EventReceipt left, EventReceipt right) => left.Equals(right);

    /// <summary>Whether two receipts are for different events.</summary>
    public static bool operator !=(EventReceipt left, EventReceipt right) => !left.Equals(right);
}
