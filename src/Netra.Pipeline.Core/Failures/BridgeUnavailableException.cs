namespace Netra.Pipeline.Failures;

/// <summary>The running pipeline between agents and connections takes nothing: it has failed, or it is stopping.</summary>
public sealed class BridgeUnavailableException : PipelineException
{
    private BridgeUnavailableException(FailureCode code, FailureScope scope, string message, Exception? innerException)
        : base(code, scope, message, numbers: null, innerException)
    {
    }

    /// <summary>The pipeline has failed (<see cref="FailureCode.BridgeUnavailable"/>).</summary>
    public static BridgeUnavailableException Failed(FailureScope scope, string reason, Exception? innerException = null) =>
        new(FailureCode.BridgeUnavailable, scope, $"{scope.Operation} failed: the pipeline has failed: {reason}", innerException);

    /// <summary>The pipeline is stopping (<see cref="FailureCode.Draining"/>): open runs may end, new ones are refused.</summary>
    public static BridgeUnavailableException Draining(FailureScope scope) =>
        new(
            FailureCode.Draining,
            scope,
            $"{scope.Operation} was refused: the pipeline is draining and takes no new runs",
            innerException: null);
}
