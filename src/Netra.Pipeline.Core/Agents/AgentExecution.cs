using System.Text.Json.Nodes;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Agents;

/// <summary>What an agent gets for one run: the question, its user, and everything the agent may do. Safe from any thread.</summary>
public sealed class AgentExecution
{
    private readonly RunScope _run;
    private readonly Delegation _delegation;

    internal AgentExecution(RunScope run)
    {
        _run = run;
        _delegation = new Delegation(run);
        Events = new AgentEvents(run.Emitter);
        Tools = new ToolExecutor(run);
    }

    /// <summary>The user, thread and run.</summary>
    public UserExecutionContext Context => _run.Request.Context;

    /// <summary>The question.</summary>
    public string Input => _run.Request.Input;

    /// <summary>What came with the question, if anything.</summary>
    public JsonNode? Data => _run.Request.Data;

    /// <summary>
    /// Which attempt at the run this is: 1, and 2 or more where an earlier one ended before the run did, with its process.
    /// </summary>
    public int Attempt => _run.Request.Attempt;

    /// <summary>The events the agent may emit itself.</summary>
    public AgentEvents Events { get; }

    /// <summary>
    /// What the run has cost so far, as far as the agent knows; its terminal event says it, and with that it counts in
    /// <c>gen_ai.client.token.usage</c>. Null for nothing, the default.
    /// </summary>
    public TokenUsage? Usage { get => _run.Emitter.Usage; set => _run.Emitter.Usage = value; }

    /// <summary>Calls tools.</summary>
    public ToolExecutor Tools { get; }

    /// <summary>
    /// Reports that the run is active without emitting an event: for an agent that thinks or works for longer than the run's lease
    /// (<c>Netra:Monitoring:RunLease</c>). Nothing is delivered. It does not end a wait (<see cref="WaitUntilAsync"/>).
    /// </summary>
    /// <returns>How long may pass until the next sign of life; without one the run counts as stalled.</returns>
    /// <exception cref="SendFailureException">
    /// The run has ended (<c>run_ended</c>): it was silent for so long that the server ended it.
    /// </exception>
    public TimeSpan Heartbeat() => _run.Emitter.Heartbeat();

    /// <summary>
    /// Announces that the run will be silent for a while, for example while a person answers: until then the run is not stalled, and none
    /// of its tools is stuck. An event of the run ends it; of several waits the latest end holds. Nothing is delivered.
    /// </summary>
    /// <param name="until">Until when; at most 24 h ahead.</param>
    /// <param name="ct">Cancels waiting for the log.</param>
    /// <returns>How long may pass until the next sign of life, counted from now.</returns>
    /// <exception cref="SendFailureException">
    /// The run has ended (<c>run_ended</c>), or the time is too far ahead (<c>invalid_event</c>).
    /// </exception>
    public ValueTask<TimeSpan> WaitUntilAsync(DateTimeOffset until, CancellationToken ct = default)
        => _run.Emitter.WaitUntilAsync(until, ct);

    /// <summary>
    /// Asks the user, and waits for the answer: <c>await execution.AskAsync(RunQuestion.Approval("Delete the draft?"))</c>. Meanwhile the
    /// run waits, and is not silent. A question that has an answer already, of an earlier attempt or under the same id, gets it at once.
    /// </summary>
    /// <param name="question">What is asked.</param>
    /// <param name="timeout">For how long to wait; null for as long as it takes. A later answer is stored, and nobody waits for it.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>The answer, once it is stored; or that none came in time (<see cref="RunAnswer.IsAnswered"/>).</returns>
    /// <exception cref="SendFailureException">
    /// It was asked before as something else, or the run has asked too much (<c>invalid_event</c>), or the event could not be sent.
    /// </exception>
    /// <exception cref="OperationCanceledException">The run, or this call, was cancelled.</exception>
    public ValueTask<RunAnswer> AskAsync(RunQuestion question, TimeSpan? timeout = null, CancellationToken ct = default)
        => _run.AskAsync(question, callId: null, timeout, ct);

    /// <summary>
    /// Lets another agent answer, in a run of its own in the same thread, which the user sees too. It is cancelled with this run.
    /// </summary>
    /// <param name="agentName">The agent to call.</param>
    /// <param name="input">The question for it.</param>
    /// <param name="ct">Cancels the delegated run only.</param>
    /// <returns>The whole answer.</returns>
    /// <exception cref="AgentCommunicationException">
    /// The other agent failed or was cancelled on its own, is not registered, or agents have delegated too deep. It has been reported and
    /// is shown in this run; an agent that can do without the answer may catch it.
    /// </exception>
    /// <exception cref="OperationCanceledException">This run, or this call, was cancelled.</exception>
    public Task<string> DelegateAsync(string agentName, string input, CancellationToken ct = default) =>
        DelegateAsync(agentName, input, data: null, ct);

    /// <inheritdoc cref="DelegateAsync(string, string, CancellationToken)"/>
    /// <param name="agentName">The agent to call.</param>
    /// <param name="input">The question for it.</param>
    /// <param name="data">What goes with the question.</param>
    /// <param name="ct">Cancels the delegated run only.</param>
    public Task<string> DelegateAsync(string agentName, string input, JsonNode? data, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(agentName);
        ArgumentNullException.ThrowIfNull(input);
        return _delegation.CallAsync(agentName, input, data, ct);
    }
}
