namespace Netra.Pipeline.Failures;

/// <summary>
/// A limit in the way of an event was reached: its own size, or the room in a connection's queue. <see cref="Accepted"/> says whether the
/// event is in the stream all the same; sending an accepted one again would make a second event.
/// </summary>
public sealed class BufferOverflowException : PipelineException
{
    private BufferOverflowException(
        FailureCode code,
        FailureScope scope,
        string message,
        IReadOnlyDictionary<string, long> numbers,
        IReadOnlyList<OverflowedConnection> connections)
        : base(code, scope, message, numbers)
    {
        Connections = connections;
    }

    /// <summary>
    /// Whether the log has the event all the same: then every device gets it, later. Thrown for such an event only where the log numbers
    /// before it commits, so that number and id are known; otherwise the overflow is reported and nothing is thrown.
    /// </summary>
    public bool Accepted => Code == FailureCode.BufferOverflow;

    /// <summary>The event's number, when it was accepted.</summary>
    public long? Seq { get; private init; }

    /// <summary>The event's id, when it was accepted.</summary>
    public string? EventId { get; private init; }

    /// <summary>The connections whose queues were full. Empty when the event itself was too large.</summary>
    public IReadOnlyList<OverflowedConnection> Connections { get; }

    /// <summary>The size of the event in bytes, when it was too large.</summary>
    public long? Size { get; private init; }

    /// <summary>The limit in bytes that the event exceeds, when it was too large.</summary>
    public long? Limit { get; private init; }

    /// <summary>
    /// The event was accepted, but queues were full (<see cref="FailureCode.BufferOverflow"/>); those connections will be caught up.
    /// </summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="seq">The event's number.</param>
    /// <param name="eventId">The event's id.</param>
    /// <param name="connections">The connections that have just begun to lag; at least one.</param>
    /// <exception cref="ArgumentException"><paramref name="connections"/> is empty.</exception>
    public static BufferOverflowException QueueFull(
        FailureScope scope, long seq, string eventId, IReadOnlyList<OverflowedConnection> connections)
    {
        if (connections.Count == 0)
        {
            throw new ArgumentException("at least one connection is needed", nameof(connections));
        }

        var numbers = QueueNumbers(connections);
        numbers["seq"] = seq;
        return new BufferOverflowException(
            FailureCode.BufferOverflow,
            scope,
            $"{scope.Operation} was accepted as number {seq}, but the queue of {Describe(connections, "is full")}; "
            + "what lags is caught up from the log",
            numbers,
            [.. connections])
        {
            Seq = seq,
            EventId = eventId,
        };
    }

    /// <summary>The encoded event exceeds the limit (<see cref="FailureCode.EventTooLarge"/>). Nothing was numbered.</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="size">The size of the event, in bytes.</param>
    /// <param name="limit">The limit, in bytes.</param>
    public static BufferOverflowException EventTooLarge(FailureScope scope, long size, long limit) => new(
        FailureCode.EventTooLarge,
        scope,
        $"{scope.Operation} was refused: the encoded event has {size} bytes, and the limit is {limit} ({LimitOptions.EventBytes})",
        new Dictionary<string, long>(StringComparer.Ordinal) { ["size"] = size, ["limit"] = limit },
        [])
    {
        Size = size,
        Limit = limit,
    };

    /// <summary>No room came in time (<see cref="FailureCode.OverflowTimeout"/>). Nothing was numbered.</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="timeout">How long the emitter waited.</param>
    /// <param name="connections">The connections whose queues had no room for emitters that wait.</param>
    public static BufferOverflowException WaitTimedOut(
        FailureScope scope, TimeSpan timeout, IReadOnlyList<OverflowedConnection> connections)
    {
        var numbers = QueueNumbers(connections);
        var milliseconds = (long)timeout.TotalMilliseconds;
        numbers["timeout_ms"] = milliseconds;
        var queues = connections.Count == 0
            ? string.Empty
            : $": the queue of {Describe(connections, "has no room for who can wait, which ends at a quarter of a long queue")}";
        return new BufferOverflowException(
            FailureCode.OverflowTimeout,
            scope,
            $"{scope.Operation} waited {milliseconds} ms ({LimitOptions.OverflowTimeout}) for room and got none{queues}; "
            + "nothing was numbered",
            numbers,
            [.. connections]);
    }

    private protected override void AddDetails(Dictionary<string, object?> values)
    {
        values["accepted"] = Accepted;
        values["seq"] = Seq;
        values["event_id"] = EventId;
        values["size"] = Size;
        values["limit"] = Limit;
        values["connections"] = Connections
            .Select(connection => new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["connection_id"] = connection.ConnectionId,
                ["queued_frames"] = connection.QueuedFrames,
                ["queued_bytes"] = connection.QueuedBytes,
                ["frame_limit"] = connection.FrameLimit,
                ["byte_limit"] = connection.ByteLimit,
            })
            .ToArray();
    }

    private static string Describe(IReadOnlyList<OverflowedConnection> connections, string state)
    {
        var first = connections[0];
        var others = connections.Count == 1 ? string.Empty : $" (and of {connections.Count - 1} more)";
        return $"connection {first.ConnectionId}{others} {state}: {first.QueuedFrames} of {first.FrameLimit} frames "
            + $"({LimitOptions.QueueFrames}), " +
            $"{first.QueuedBytes} of {first.ByteLimit} bytes ({LimitOptions.QueueBytes})";
    }

    private static Dictionary<string, long> QueueNumbers(IReadOnlyList<OverflowedConnection> connections)
    {
        var numbers = new Dictionary<string, long>(StringComparer.Ordinal) { ["connections"] = connections.Count };
        if (connections.Count > 0)
        {
            numbers["queued_frames"] = connections[0].QueuedFrames;
            numbers["queued_bytes"] = connections[0].QueuedBytes;
            numbers["frame_limit"] = connections[0].FrameLimit;
            numbers["byte_limit"] = connections[0].ByteLimit;
        }

        return numbers;
    }
}

/// <summary>A connection whose queue was full.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="QueuedFrames">How many frames waited.</param>
/// <param name="QueuedBytes">How many bytes waited.</param>
/// <param name="FrameLimit">How many frames may wait.</param>
/// <param name="ByteLimit">How many bytes may wait.</param>
public sealed record OverflowedConnection(string ConnectionId, int QueuedFrames, long QueuedBytes, int FrameLimit, long ByteLimit);
