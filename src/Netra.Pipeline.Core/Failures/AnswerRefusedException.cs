namespace Netra.Pipeline.Failures;

/// <summary>An answer to what a run asks was not taken. Nothing has changed.</summary>
public sealed class AnswerRefusedException : PipelineException
{
    private AnswerRefusedException(
        FailureCode code, FailureScope scope, string requestId, string message, IReadOnlyDictionary<string, long>? numbers = null)
        : base(code, scope, message, numbers)
        => RequestId = requestId;

    /// <summary>What was asked.</summary>
    public string RequestId { get; }

    /// <summary>It was never asked, or is not kept any more (<see cref="FailureCode.RequestUnknown"/>).</summary>
    internal static AnswerRefusedException Unknown(FailureScope scope, string requestId) => new(
        FailureCode.RequestUnknown,
        scope,
        requestId,
        "The run has not asked this, or what it asked is not kept any more.");

    /// <summary>The run has ended (<see cref="FailureCode.RequestClosed"/>).</summary>
    internal static AnswerRefusedException Closed(FailureScope scope, string requestId) => new(
        FailureCode.RequestClosed, scope, requestId, "The run has ended, and nobody waits for the answer any more.");

    /// <summary>It has an answer (<see cref="FailureCode.AlreadyAnswered"/>).</summary>
    /// <param name="scope">Whose run it is.</param>
    /// <param name="requestId">What was asked.</param>
    /// <param name="by">Who answered.</param>
    /// <param name="seq">The answer's number.</param>
    internal static AnswerRefusedException Answered(FailureScope scope, string requestId, string by, long seq) => new(
        FailureCode.AlreadyAnswered,
        scope,
        requestId,
        $"It has been answered already, by {by}.",
        new Dictionary<string, long>(StringComparer.Ordinal) { ["seq"] = seq });

    /// <summary>The value is not of the kind that was asked for (<see cref="FailureCode.InvalidAnswer"/>).</summary>
    /// <param name="scope">Whose run it is.</param>
    /// <param name="requestId">What was asked.</param>
    /// <param name="problem">What is wrong with the value.</param>
    internal static AnswerRefusedException Invalid(FailureScope scope, string requestId, string problem) => new(
        FailureCode.InvalidAnswer, scope, requestId, $"The answer was not taken: 'value' {problem}.");

    private protected override void AddDetails(Dictionary<string, object?> values) => values["request_id"] = RequestId;
}
