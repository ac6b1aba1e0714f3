using System.Globalization;

namespace Netra.Pipeline.Failures;

/// <summary>An event was not sent, for a reason other than its size or a full queue.</summary>
public sealed class SendFailureException : PipelineException
{
    private SendFailureException(
        FailureCode code,
        FailureScope scope,
        string message,
        bool accepted = false,
        long? seq = null,
        IReadOnlyDictionary<string, long>? numbers = null,
        Exception? innerException = null)
        : base(code, scope, message, numbers ?? NumbersOf(seq), innerException)
    {
        (Accepted, Seq) = (accepted, seq);
    }

    /// <summary>
    /// Whether the log has the event all the same, or may have it. Only when it has not, sending it again makes no second event.
    /// </summary>
    public bool Accepted { get; }

    /// <summary>
    /// The event's number, where it is known. Null says nothing about <see cref="Accepted"/>: a log that numbers at the commit may have
    /// an event whose number was never told.
    /// </summary>
    public long? Seq { get; }

    /// <summary>The event is malformed (<see cref="FailureCode.InvalidEvent"/>).</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="member">The member that is wrong.</param>
    /// <param name="problem">What is wrong with it, and what is allowed: <c>must be …</c>.</param>
    public static SendFailureException InvalidEvent(FailureScope scope, string member, string problem) =>
        new(FailureCode.InvalidEvent, scope, $"{scope.Operation} was refused: '{member}' {problem}");

    /// <summary>The run has ended already (<see cref="FailureCode.RunEnded"/>).</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="eventType">The type of the event that came too late.</param>
    public static SendFailureException RunEnded(FailureScope scope, string eventType) =>
        new(FailureCode.RunEnded, scope, $"{scope.Operation} was refused: {eventType} came after the terminal event of run {scope.RunId}");

    /// <summary>A later attempt of the run has begun (<see cref="FailureCode.AttemptSuperseded"/>).</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="eventType">The type of the event that came too late.</param>
    /// <param name="attempt">The attempt that it belongs to.</param>
    /// <param name="present">The run's attempt.</param>
    public static SendFailureException AttemptSuperseded(FailureScope scope, string eventType, int attempt, int present) => new(
        FailureCode.AttemptSuperseded,
        scope,
        $"{scope.Operation} was refused: {eventType} of attempt {attempt} came after attempt {present} of run {scope.RunId} had begun",
        numbers: new Dictionary<string, long>(StringComparer.Ordinal) { ["attempt"] = attempt, ["present_attempt"] = present });

    /// <summary>The attempt has not begun (<see cref="FailureCode.InvalidEvent"/>).</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="attempt">The attempt that the event belongs to.</param>
    /// <param name="present">The run's attempt.</param>
    public static SendFailureException AttemptUnknown(FailureScope scope, int attempt, int present) => InvalidEvent(
        scope,
        "attempt",
        $"is {attempt}, but the run is at attempt {present}: agent_started of the run's agent begins the next one, with 'data.attempt'");

    /// <summary>The idempotency key was used for other content (<see cref="FailureCode.IdempotencyConflict"/>).</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    public static SendFailureException IdempotencyConflict(FailureScope scope) => new(
        FailureCode.IdempotencyConflict,
        scope,
        $"{scope.Operation} was refused: its idempotency key was used for another event; a key stands for one user_id, thread_id, run_id, "
        + "type and data");

    /// <summary>An acknowledgement of a command that is not known (<see cref="FailureCode.CommandUnknown"/>).</summary>
    /// <param name="scope">What was being done.</param>
    public static SendFailureException CommandUnknown(FailureScope scope) => new(
        FailureCode.CommandUnknown,
        scope,
        $"{scope.Operation} was refused: the publisher has no untaken command of this id, and has taken none in the last hour; it may have "
        + "expired, its run may have ended, or it is another publisher's");

    /// <summary>As many commands of a publisher are untaken as may be (<see cref="FailureCode.MessageRejected"/>).</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="limit">How many may be.</param>
    public static SendFailureException CommandsFull(FailureScope scope, int limit) => new(
        FailureCode.MessageRejected,
        scope,
        $"{scope.Operation} was refused: {limit} commands wait for the backend already, and no more may (Netra:Commands:MaxWaiting)",
        numbers: new Dictionary<string, long>(StringComparer.Ordinal) { ["limit"] = limit });

    /// <summary>As many runs are open as may be (<see cref="FailureCode.TooManyRuns"/>). Nothing was numbered.</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="problem">Which limit it is.</param>
    public static SendFailureException TooManyRuns(FailureScope scope, string problem)
        => new(FailureCode.TooManyRuns, scope, $"{scope.Operation} was refused: {problem}");

    /// <summary>Only lifecycle events are taken at the moment (<see cref="FailureCode.EmergencyMode"/>). Nothing was numbered.</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="eventType">The type of the event.</param>
    /// <param name="reason">Why the pipeline is in emergency mode.</param>
    public static SendFailureException EmergencyMode(FailureScope scope, string eventType, string reason) =>
        new(
            FailureCode.EmergencyMode,
            scope,
            $"{scope.Operation} was refused: the pipeline is in emergency mode ({reason}) and takes no {eventType} events; "
            + "nothing was numbered");

    /// <summary>The user is being erased (<see cref="FailureCode.ErasureUnderWay"/>). Nothing was numbered.</summary>
    /// <param name="scope">What was being done; not for whom, which is to be forgotten.</param>
    public static SendFailureException ErasureUnderWay(FailureScope scope) => new(
        FailureCode.ErasureUnderWay,
        scope,
        $"{scope.Operation} was refused: the user is being erased, or was since the run began; nothing was numbered");

    /// <summary>The log cannot take more now (<see cref="FailureCode.LogFull"/>). Nothing was numbered.</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="bound">What bounds the log: the value, its unit and the option.</param>
    /// <param name="waited">How long the event waited for room; zero when it did not.</param>
    public static SendFailureException LogFull(FailureScope scope, string bound, TimeSpan waited = default) => new(
        FailureCode.LogFull,
        scope,
        $"{scope.Operation} was refused: the log is full, its bound is {bound}{After(waited)}; nothing was numbered");

    /// <summary>Too many events wait for room in the log (<see cref="FailureCode.LogFull"/>). Nothing was numbered.</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="limit">What may wait, in bytes.</param>
    public static SendFailureException TooManyWait(FailureScope scope, long limit) => new(
        FailureCode.LogFull,
        scope,
        $"{scope.Operation} was refused: the log takes nothing at the moment, and the events that wait for it hold {limit} bytes already "
        + $"({LimitOptions.WaitingBytes}); nothing was numbered");

    /// <summary>The log has failed (<see cref="FailureCode.LogFailed"/>).</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="reason">What failed.</param>
    /// <param name="seq">The event's number, when it was numbered and only storing was not confirmed.</param>
    /// <param name="innerException">What the log raised.</param>
    public static SendFailureException LogFailed(FailureScope scope, string reason, long? seq = null, Exception? innerException = null)
        => new(
            FailureCode.LogFailed,
            scope,
            seq is null
                ? $"{scope.Operation} failed: the log has failed ({reason}); nothing was numbered"
                : $"{scope.Operation} was numbered {seq}, but storing was not confirmed: the log has failed ({reason})",
            accepted: seq is not null,
            seq,
            innerException: innerException);

    /// <summary>A critical event stayed unconfirmed after its last try (<see cref="FailureCode.CriticalDeliveryFailed"/>).</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="seq">The event's number.</param>
    /// <param name="attempts">How often it was sent; <see langword="null"/> when that is not known any more.</param>
    public static SendFailureException Unconfirmed(FailureScope scope, long seq, int? attempts = null) => new(
        FailureCode.CriticalDeliveryFailed,
        scope,
        $"event {seq} was sent{(attempts is { } times ? $" {times} times" : string.Empty)} and nobody confirmed it; "
        + "it is a dead letter now",
        accepted: true,
        seq);

    /// <summary>The log cannot be opened (<see cref="FailureCode.LogFailed"/>).</summary>
    /// <param name="path">Its file.</param>
    /// <param name="reason">What is wrong with it, and what to do.</param>
    /// <param name="innerException">What was raised.</param>
    public static SendFailureException LogNotOpened(string path, string reason, Exception? innerException = null) =>
        new(FailureCode.LogFailed, new FailureScope("open"), $"the log {path} cannot be opened: {reason}", innerException: innerException);

    /// <summary>What the log has stored cannot be read (<see cref="FailureCode.LogFailed"/>).</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="path">The log's file.</param>
    /// <param name="reason">What is wrong with it.</param>
    /// <param name="innerException">What was raised.</param>
    public static SendFailureException LogUnreadable(FailureScope scope, string path, string reason, Exception? innerException = null) =>
        new(
            FailureCode.LogFailed,
            scope,
            $"{scope.Operation} failed: the log {path} cannot be read ({reason})",
            innerException: innerException);

    /// <summary>The event could not be sent (<see cref="FailureCode.SendFailed"/>).</summary>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="reason">Why.</param>
    /// <param name="seq">The event's number, when it was numbered.</param>
    /// <param name="innerException">What was raised.</param>
    public static SendFailureException NotSent(FailureScope scope, string reason, long? seq = null, Exception? innerException = null) =>
        new(
            FailureCode.SendFailed,
            scope,
            $"{scope.Operation} failed: {reason}",
            accepted: seq is not null,
            seq,
            innerException: innerException);

    private static string After(TimeSpan waited)
        => waited == TimeSpan.Zero ? string.Empty : string.Create(
            CultureInfo.InvariantCulture, $", and it had no room within {waited.TotalSeconds:0.###} s ({LimitOptions.RoomTimeout})");

    private static Dictionary<string, long>? NumbersOf(long? seq) =>
        seq is { } number ? new Dictionary<string, long>(StringComparer.Ordinal) { ["seq"] = number } : null;

    private protected override void AddDetails(Dictionary<string, object?> values)
    {
        values["accepted"] = Accepted;
        values["seq"] = Seq;
    }
}
