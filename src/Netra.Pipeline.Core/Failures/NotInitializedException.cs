namespace Netra.Pipeline.Failures;

/// <summary>The pipeline is not ready yet, or has stopped (<see cref="FailureCode.NotInitialized"/>).</summary>
public sealed class NotInitializedException : PipelineException
{
    /// <summary>An operation that came when the pipeline was in <paramref name="state"/>.</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="state">The state of the pipeline, such as <c>initializing</c>.</param>
    public NotInitializedException(FailureScope scope, string state)
        : base(FailureCode.NotInitialized, scope, $"{scope.Operation} was refused: the pipeline is {state}, not ready")
    {
        State = state;
    }

    /// <summary>The state of the pipeline.</summary>
    public string State { get; }

    private protected override void AddDetails(Dictionary<string, object?> values) => values["state"] = State;
}
