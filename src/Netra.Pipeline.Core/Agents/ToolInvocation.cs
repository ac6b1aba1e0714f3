using System.Text.Json.Nodes;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Agents;

/// <summary>
/// One call of a tool. Immutable but for <see cref="Arguments"/>, which belong to the call. Its methods are safe from any thread.
/// </summary>
public sealed class ToolInvocation
{
    /// <summary>Describes a call; the runner creates it, and so do tests of a tool.</summary>
    /// <param name="toolName">The tool's name.</param>
    /// <param name="callId">The call's id, unique within its run.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="context">The user, thread and run the call is made for.</param>
    public ToolInvocation(string toolName, string callId, JsonObject arguments, UserExecutionContext context)
    {
        ArgumentException.ThrowIfNullOrEmpty(toolName);
        ArgumentException.ThrowIfNullOrEmpty(callId);
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(context);
        ToolName = toolName;
        CallId = callId;
        Arguments = arguments;
        Context = context;
    }

    /// <summary>The tool's name.</summary>
    public string ToolName { get; }

    /// <summary>The call's id, unique within its run; both tool events carry it.</summary>
    public string CallId { get; }

    /// <summary>The arguments as the user was shown them.</summary>
    public JsonObject Arguments { get; }

    /// <summary>The user, thread and run the call is made for.</summary>
    public UserExecutionContext Context { get; }

    /// <summary>The run's emitter; null for a call that a test created.</summary>
    internal EventEmitter? Emitter { get; init; }

    /// <summary>The run that calls; null for a call that a test created.</summary>
    internal RunScope? Run { get; init; }

    /// <summary>
    /// Asks the user, and waits for the answer: an approval before something is deleted, say. Meanwhile the run waits, and this call is not
    /// stuck. A question that has an answer already, of an earlier attempt or under the same id, gets it at once.
    /// </summary>
    /// <param name="question">What is asked.</param>
    /// <param name="timeout">For how long to wait; null for as long as it takes. A later answer is stored, and nobody waits for it.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>The answer, once it is stored; or that none came in time (<see cref="RunAnswer.IsAnswered"/>).</returns>
    /// <exception cref="InvalidOperationException">The call was created by a test, and has no run that could ask.</exception>
    /// <exception cref="SendFailureException">
    /// It was asked before as something else, or the run has asked too much (<c>invalid_event</c>), or the event could not be sent.
    /// </exception>
    /// <exception cref="OperationCanceledException">The run, or this call, was cancelled.</exception>
    public ValueTask<RunAnswer> AskAsync(RunQuestion question, TimeSpan? timeout = null, CancellationToken ct = default)
        => Run?.AskAsync(question, CallId, timeout, ct) ?? throw new InvalidOperationException("There is no run that could ask.");

    /// <summary>Reports that the run is active, though the tool takes long. Nothing is delivered.</summary>
    /// <returns>How long may pass until the next sign of life; <see cref="TimeSpan.MaxValue"/> for a call without a run.</returns>
    /// <exception cref="SendFailureException">
    /// The run has ended (<c>run_ended</c>): it was silent for so long that the server ended it.
    /// </exception>
    public TimeSpan Heartbeat() => Emitter?.Heartbeat() ?? TimeSpan.MaxValue;

    /// <summary>
    /// Announces that the run will be silent for a while, for example while a person answers: until then the run is not stalled, and this
    /// call is not stuck. An event of the run ends it; of several waits the latest end holds. Nothing is delivered.
    /// </summary>
    /// <param name="until">Until when; at most 24 h ahead.</param>
    /// <param name="ct">Cancels waiting for the log.</param>
    /// <returns>
    /// How long may pass until the next sign of life, counted from now; <see cref="TimeSpan.MaxValue"/> for a call without a run.
    /// </returns>
    /// <exception cref="SendFailureException">
    /// The run has ended (<c>run_ended</c>), or the time is too far ahead (<c>invalid_event</c>).
    /// </exception>
    public ValueTask<TimeSpan> WaitUntilAsync(DateTimeOffset until, CancellationToken ct = default)
        => Emitter?.WaitUntilAsync(until, ct) ?? ValueTask.FromResult(TimeSpan.MaxValue);
}
