using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Failures;

/// <summary>Events expired before a device acknowledged them (<see cref="FailureCode.EventDropped"/>).</summary>
public sealed class EventDroppedException : PipelineException
{
    /// <summary>The loss of a range of events.</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="fromSeq">The first number that is gone.</param>
    /// <param name="toSeq">The last number that is gone, inclusive.</param>
    /// <param name="cause">Why.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty or begins below 1.</exception>
    public EventDroppedException(FailureScope scope, long fromSeq, long toSeq, GapCause cause)
        : base(
            FailureCode.EventDropped,
            scope,
            $"events {fromSeq} to {toSeq} are gone before anybody acknowledged them: {GapCauses.WireName(cause)}",
            new Dictionary<string, long>(StringComparer.Ordinal) { ["from"] = fromSeq, ["to"] = toSeq, ["events"] = toSeq - fromSeq + 1 })
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fromSeq, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(toSeq, fromSeq);
        FromSeq = fromSeq;
        ToSeq = toSeq;
        Cause = cause;
    }

    /// <summary>The first number that is gone.</summary>
    public long FromSeq { get; }

    /// <summary>The last number that is gone, inclusive.</summary>
    public long ToSeq { get; }

    /// <summary>Why.</summary>
    public GapCause Cause { get; }

    private protected override void AddDetails(Dictionary<string, object?> values)
    {
        values["from_seq"] = FromSeq;
        values["to_seq"] = ToSeq;
        values["gap_cause"] = GapCauses.WireName(Cause);
    }
}
