using Netra.Pipeline.Events;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

/// <summary>
/// Says that an event was accepted: the log has it in hand. Its number and its id are certain once it is stored
/// (<see cref="WhenStoredAsync"/>).
/// </summary>
/// <remarks>
/// Logs that number before they commit (SQLite, in memory) say number, id and status at once; a log that several nodes append to numbers at
/// the commit, and until then the three are null. What awaits <see cref="WhenStoredAsync"/> works with every log.
/// </remarks>
public readonly struct EventReceipt : IEquatable<EventReceipt>
{
    private readonly UserStream? _stream;

    internal EventReceipt(UserStream stream, long seq, EventStatus status)
        => (_stream, AssignedSeq, AssignedStatus) = (stream, seq, status);

    /// <summary>The event's number in its user's stream; null while the log has not numbered it, and for a default receipt.</summary>
    public long? Seq => _stream is null ? null : AssignedSeq;

    /// <summary>The event's id; null while the log has not numbered it, and for a default receipt.</summary>
    public string? Id => _stream?.IdOf(AssignedSeq);

    /// <summary>Where it stood when it was numbered; null while the log has not numbered it, and for a default receipt.</summary>
    public EventStatus? Status => _stream is null ? null : AssignedStatus;

    /// <summary>
    /// How far the event has come at this moment. A connection that has ended does not count any more: what it had
    /// is sent again on the next one.
    /// </summary>
    public DeliveryStage Stage => _stream?.Stages.StageOf(AssignedSeq) ?? DeliveryStage.Accepted;

    /// <summary>The number, which logs that number before they commit have given already; 0 for a default receipt.</summary>
    internal long AssignedSeq { get; }

    /// <summary>The id, as <see cref="AssignedSeq"/>; empty for a default receipt.</summary>
    internal string AssignedId => _stream?.IdOf(AssignedSeq) ?? string.Empty;

    /// <summary>The status, as <see cref="AssignedSeq"/>.</summary>
    internal EventStatus AssignedStatus { get; }

    /// <summary>Completes when the log has stored the event, and says its number and id.</summary>
    /// <param name="cancellationToken">Cancels waiting; the event is not affected.</param>
    /// <exception cref="Failures.SendFailureException">The log ended without confirming that it is stored (<c>log_failed</c>).</exception>
    /// <exception cref="InvalidOperationException">It is a default receipt, of no event.</exception>
    public async Task<StoredReceipt> WhenStoredAsync(CancellationToken cancellationToken = default)
    {
        EnsureOfEvent();
        await WhenCommittedAsync().WaitAsync(cancellationToken);
        return new StoredReceipt(AssignedId, AssignedSeq, AssignedStatus);
    }

    /// <summary>Completes when the event has come to a stage.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for as long as it takes.</param>
    /// <param name="cancellationToken">Cancels waiting; the event is not affected.</param>
    /// <exception cref="TimeoutException">It has not come there in time. It is still on its way.</exception>
    /// <exception cref="Failures.EventDroppedException">It expired before (<c>event_dropped</c>).</exception>
    /// <exception cref="Failures.SendFailureException">
    /// It became a dead letter (<c>critical_delivery_failed</c>), or the log ended without storing it (<c>log_failed</c>).
    /// </exception>
    /// <exception cref="InvalidOperationException">It is a default receipt, of no event.</exception>
    public Task WhenAsync(DeliveryStage stage, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        EnsureOfEvent();
        return _stream!.Stages.WhenAsync(AssignedSeq, stage, timeout, cancellationToken);
    }

    /// <summary>
    /// As <see cref="WhenStoredAsync"/>, without what only the caller of an emission needs; completed for a default receipt.
    /// </summary>
    internal Task WhenCommittedAsync() => _stream?.Stages.WhenCommittedAsync(AssignedSeq) ?? Task.CompletedTask;

    /// <inheritdoc/>
    public bool Equals(EventReceipt other) => ReferenceEquals(_stream, other._stream) && AssignedSeq == other.AssignedSeq;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is EventReceipt other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => AssignedSeq.GetHashCode();

    /// <summary>Whether two receipts are for the same event.</summary>
    public static bool operator ==(EventReceipt left, EventReceipt right) => left.Equals(right);

    /// <summary>Whether two receipts are for different events.</summary>
    public static bool operator !=(EventReceipt left, EventReceipt right) => !left.Equals(right);

    private void EnsureOfEvent()
    {
        if (_stream is null)
        {
            throw new InvalidOperationException("A default receipt is of no event; an emission returns one of its event.");
        }
    }
}

/// <summary>A stored event: what a publisher over HTTP is answered, too.</summary>
/// <param name="Id">The event's id.</param>
/// <param name="Seq">Its number in its user's stream, from 1.</param>
/// <param name="Status">Where it stood when it was numbered.</param>
public readonly record struct StoredReceipt(string Id, long Seq, EventStatus Status);
