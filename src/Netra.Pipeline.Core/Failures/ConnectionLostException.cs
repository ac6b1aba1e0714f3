namespace Netra.Pipeline.Failures;

/// <summary>A connection that was needed has ended (<see cref="FailureCode.ConnectionLost"/>).</summary>
public sealed class ConnectionLostException : PipelineException
{
    /// <summary>The end of a connection.</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="connectionId">The connection.</param>
    /// <param name="endReason">Why it ended: a reason of docs/protocol.md, section 7.</param>
    /// <param name="innerException">What the transport raised, if anything.</param>
    public ConnectionLostException(FailureScope scope, string connectionId, string endReason, Exception? innerException = null)
        : base(
            FailureCode.ConnectionLost,
            scope,
            $"{scope.Operation} needs connection {connectionId}, which has ended: {endReason}",
            numbers: null,
            innerException)
    {
        ConnectionId = connectionId;
        EndReason = endReason;
    }

    /// <summary>The connection.</summary>
    public string ConnectionId { get; }

    /// <summary>Why it ended.</summary>
    public string EndReason { get; }

    private protected override void AddDetails(Dictionary<string, object?> values)
    {
        values["connection_id"] = ConnectionId;
        values["end_reason"] = EndReason;
    }
}
