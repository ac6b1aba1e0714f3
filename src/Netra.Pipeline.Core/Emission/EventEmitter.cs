using System.Text.Json.Nodes;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

/// <summary>
/// Emits the events of one run. Every call returns a receipt or throws; nothing returns a failure as a value.
/// </summary>
/// <remarks>
/// <para>Safe to use from any thread; events are numbered in the order in which the calls reach the stream, also where some have to wait. A
/// call completes synchronously and throws before it returns, so that a forgotten
/// <c>await</c> cannot hide a failure, unless it waits: where the log is full or stores nothing at the moment (<see
/// cref="EmitterOptions.RoomTimeout"/>), and for connections when the emitter asks for that
/// (<see cref="OverflowBehavior.Wait"/>).</para>
/// <para>Thrown by every call: <see cref="BufferOverflowException"/> (too large; or a connection's queue is full, see
/// <see cref="OverflowBehavior"/>), <see cref="SendFailureException"/> (<c>run_ended</c>, <c>log_full</c>,
/// <c>log_failed</c>: nothing was numbered), <see cref="NotInitializedException"/> and
/// <see cref="BridgeUnavailableException"/>. Each is reported before it is thrown.</para>
/// </remarks>
public sealed class EventEmitter : IAsyncDisposable
{
    private readonly RunRegistry _runs;
    private readonly TokenUsageMetrics _costs;
    private readonly UserStream _stream;
    private readonly StreamRun _run;
    private readonly RunLife _life;
    private readonly TimeSpan? _lease;
    private readonly EmitterAttempt _attempt;
    private readonly EmissionGuard _guard;
    private readonly DraftWriter _drafts;
    private readonly EventSender _sender;
    private readonly LifeSigns _signs;
    private readonly EmitterQuestions _questions;
    private TokenUsage? _usage;

    internal EventEmitter(
        EmissionServices services,
        UserStream stream,
        StreamRun run,
        RunLife life,
        UserExecutionContext context,
        EmitterAttempt attempt,
        EmitterOptions options)
    {
        _costs = services.Usage;
        (_runs, _stream, _run, _life, _lease, _attempt, Context) = (services.Runs, stream, run, life, options.Lease, attempt, context);
        _guard = new EmissionGuard(services, stream, life, context, attempt, options.IsOfServer);
        _drafts = new DraftWriter(services, stream, _guard, context, attempt, options.Input, options.Request);
        _sender = new EventSender(services, stream, _guard, life, context, attempt.Publisher, options);
        _signs = new LifeSigns(services, stream, _guard, run, life, context, attempt);
        _questions = new EmitterQuestions(services, stream, _guard, _drafts, _sender, run, life);
    }

    /// <summary>Whose run it is.</summary>
    public UserExecutionContext Context { get; }

    /// <summary>
    /// What the run has cost so far; its terminal event says it, and with that it counts in <c>gen_ai.client.token.usage</c>. Null for
    /// nothing, the default.
    /// </summary>
    public TokenUsage? Usage { get => Volatile.Read(ref _usage); set => Volatile.Write(ref _usage, value); }

    /// <summary>Whether the run has an event already, of any emitter.</summary>
    internal bool HasBegun => _stream.Runs.ProgressOf(_run).Events > 0;

    /// <summary>Whether the run has its terminal event, of any emitter.</summary>
    internal bool HasEnded => _stream.Runs.ProgressOf(_run).HasEnded;

    /// <summary>
    /// Refuses an event where the run has its terminal one, without encoding it or raising: a publisher that goes on after
    /// the end sends thousands. It has been reported. Null where the run is open, as far as is known without the stream's
    /// lock; the emission finds out the rest.
    /// </summary>
    internal PipelineException? RefuseAfterEnd(EventType type)
        => _run.HasEnded && HasEnded
            ? _guard.Refused(type, SendFailureException.RunEnded(_guard.Scope(type), EventTypes.WireName(type)))
            : null;

    /// <summary>The run's life.</summary>
    internal RunLife Life => _life;

    /// <summary>The attempt of the run that its next event belongs to.</summary>
    internal int Attempt => _attempt.Now;

    /// <summary>The attempt that its publisher is at.</summary>
    internal PublisherAttempt Publisher => _attempt.Publisher;

    /// <summary>How many events the run's present attempt has, of all emitters.</summary>
    internal long EventsOfRun => _stream.Runs.ProgressOf(_run).Events;

    /// <summary>The run has started, or its next attempt (<see cref="EmitterOptions.Attempt"/>).</summary>
    /// <param name="agentName">The agent that runs.</param>
    /// <param name="metadata">More about it; <c>{}</c> when null.</param>
    /// <param name="parentRunId">The run that delegated to it.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> AgentStartedAsync(
        string agentName, JsonObject? metadata = null, string? parentRunId = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(agentName);
        var (encoder, now) = _drafts.Begin(EventType.AgentStarted);
        var data = encoder.Data;
        data.WriteString("agent_name"u8, agentName);
        if (parentRunId is not null)
        {
            data.WriteString("parent_run_id"u8, parentRunId);
        }

        if (_lease is { } lease)
        {
            data.WriteNumber("lease_ms"u8, (long)lease.TotalMilliseconds);
        }

        if (_attempt.Named is > 1 and var attempt)
        {
            data.WriteNumber("attempt"u8, attempt);
        }

        var subject = new EventSubject(agentName, Lease: _lease ?? default, Attempt: _attempt.Named ?? 0);
        return EmitAsync(EventType.AgentStarted, subject, encoder, now, metadata, cancellationToken);
    }

    /// <summary>The agent thinks.</summary>
    /// <param name="thought">What it thinks.</param>
    /// <param name="metadata">More about it; <c>{}</c> when null.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> AgentThinkingAsync(
        string thought, JsonObject? metadata = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(thought);
        var (encoder, now) = _drafts.Begin(EventType.AgentThinking);
        encoder.Data.WriteString("thought"u8, thought);
        return EmitAsync(EventType.AgentThinking, default, encoder, now, metadata, cancellationToken);
    }

    /// <summary>A tool is about to run. It must not run when this throws with nothing accepted.</summary>
    /// <param name="toolName">The tool.</param>
    /// <param name="callId">Names the call, so that its completion can be told from others.</param>
    /// <param name="arguments">What it is called with.</param>
    /// <param name="metadata">More about it; <c>{}</c> when null.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> ToolExecutingAsync(
        string toolName,
        string? callId = null,
        JsonNode? arguments = null,
        JsonObject? metadata = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(toolName);
        var (encoder, now) = _drafts.Begin(EventType.ToolExecuting);
        encoder.WriteTool(toolName, callId);
        _drafts.WriteNode(EventType.ToolExecuting, encoder.Data, "arguments", arguments);
        return EmitAsync(EventType.ToolExecuting, new EventSubject(toolName, callId), encoder, now, metadata, cancellationToken);
    }

    /// <summary>A tool has ended, in whatever way.</summary>
    /// <param name="toolName">The tool.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="callId">Names the call.</param>
    /// <param name="metadata">More about it; <c>{}</c> when null.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> ToolCompletedAsync(
        string toolName,
        ToolOutcome outcome,
        string? callId = null,
        JsonObject? metadata = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(toolName);
        ArgumentNullException.ThrowIfNull(outcome);
        var (encoder, now) = _drafts.Begin(EventType.ToolCompleted);
        var data = encoder.Data;
        encoder.WriteTool(toolName, callId);
        data.WriteString("status"u8, outcome.Status);
        data.WriteNumber("duration_ms"u8, outcome.Duration.TotalMilliseconds);
        _drafts.WriteNode(EventType.ToolCompleted, data, "result", outcome.Result);
        encoder.WriteError(outcome.Error);
        return EmitAsync(EventType.ToolCompleted, new EventSubject(toolName, callId), encoder, now, metadata, cancellationToken);
    }

    /// <summary>The run has ended as it should. Terminal: nothing follows it.</summary>
    /// <param name="agentName">The agent that ran.</param>
    /// <param name="duration">How long it ran.</param>
    /// <param name="metadata">More about it; <c>{}</c> when null.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> AgentCompletedAsync(
        string agentName, TimeSpan? duration = null, JsonObject? metadata = null, CancellationToken cancellationToken = default)
        => EndAsync(EventType.AgentCompleted, agentName, duration, error: null, reason: null, metadata, cancellationToken);

    /// <summary>The run has failed. Terminal: nothing follows it.</summary>
    /// <param name="agentName">The agent that ran.</param>
    /// <param name="error">What went wrong.</param>
    /// <param name="duration">How long it ran.</param>
    /// <param name="metadata">More about it; <c>{}</c> when null.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> AgentFailedAsync(
        string agentName,
        EventError error,
        TimeSpan? duration = null,
        JsonObject? metadata = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(error);
        return EndAsync(EventType.AgentFailed, agentName, duration, error, reason: null, metadata, cancellationToken);
    }

    /// <summary>The run was cancelled. Terminal: nothing follows it.</summary>
    /// <param name="agentName">The agent that ran.</param>
    /// <param name="reason">Why.</param>
    /// <param name="duration">How long it ran.</param>
    /// <param name="metadata">More about it; <c>{}</c> when null.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> AgentCancelledAsync(
        string agentName,
        string? reason = null,
        TimeSpan? duration = null,
        JsonObject? metadata = null,
        CancellationToken cancellationToken = default)
        => EndAsync(EventType.AgentCancelled, agentName, duration, error: null, reason, metadata, cancellationToken);

    /// <summary>A piece of streamed text.</summary>
    /// <param name="delta">The piece; it may be empty.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> TokenAsync(string delta, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(delta);
        var (encoder, now) = _drafts.Begin(EventType.Token);
        encoder.Data.WriteString("delta"u8, delta);
        encoder.Data.WriteEndObject();
        return FinishAsync(EventType.Token, default, encoder, now, cancellationToken);
    }

    /// <summary>A piece of a streamed thought.</summary>
    /// <param name="delta">The piece; it may be empty.</param>
    /// <param name="thoughtId">Pieces with one id belong together: 1 to 256 bytes of UTF-8.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> ThinkingDeltaAsync(string delta, string thoughtId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(delta);
        if (IdentifierRules.ProblemOf(thoughtId, "the thought's id") is { } problem)
        {
            throw new ArgumentException(problem, nameof(thoughtId));
        }

        var (encoder, now) = _drafts.Begin(EventType.ThinkingDelta);
        encoder.Data.WriteString("delta"u8, delta);
        encoder.Data.WriteString("thought_id"u8, thoughtId);
        encoder.Data.WriteEndObject();
        return FinishAsync(EventType.ThinkingDelta, default, encoder, now, cancellationToken);
    }

    /// <summary>An event of the application's own.</summary>
    /// <param name="name">What kind it is.</param>
    /// <param name="value">Any JSON.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> CustomAsync(string name, JsonNode? value, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var (encoder, now) = _drafts.Begin(EventType.Custom);
        _drafts.WriteCustom(encoder.Data, name, value);
        encoder.Data.WriteEndObject();
        return FinishAsync(EventType.Custom, default, encoder, now, cancellationToken);
    }

    /// <summary>
    /// Asks somebody, and waits for the answer; meanwhile the run is not silent. Asked again under an id that has an answer, also by
    /// another process or in a later attempt, it gets that answer at once.
    /// </summary>
    /// <param name="question">What is asked.</param>
    /// <param name="timeout">
    /// For how long to wait; null for as long as it takes. What is over is the waiting: an answer is still taken, until the run ends.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The answer, once it is stored; or that none came in time.</returns>
    /// <exception cref="SendFailureException">
    /// It was asked as something else, or the run has asked too much (<c>invalid_event</c>); and whatever is thrown by every call.
    /// </exception>
    public ValueTask<RunAnswer> AskAsync(
        RunQuestion question, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(question);
        return _questions.AskAsync(question, timeout, cancellationToken);
    }

    /// <summary>Says that the run goes on, though there is nothing to tell: renews its lease. Nothing is numbered or delivered.</summary>
    /// <returns>How long may pass until the next sign of life.</returns>
    /// <exception cref="SendFailureException">The run has ended (<c>run_ended</c>), or has not begun (<c>invalid_event</c>).</exception>
    public TimeSpan Heartbeat() => _signs.Heartbeat();

    /// <summary>
    /// Says that nothing is to be expected for a while, for a person's answer, say. An event of the run ends it, a heartbeat does not; of
    /// several waits the latest end holds. Nothing is numbered or delivered.
    /// </summary>
    /// <param name="until">Until when; at most 24 h ahead.</param>
    /// <param name="cancellationToken">Cancels waiting for the log; the run waits all the same.</param>
    /// <returns>How long may pass until the next sign of life, counted from now, once the log has stored that the run waits.</returns>
    /// <exception cref="SendFailureException">
    /// The run has ended (<c>run_ended</c>), has not begun, or the time is too far ahead (<c>invalid_event</c>); or the log could not store
    /// it (<c>log_failed</c>, <c>log_full</c>), and it holds until the process ends.
    /// </exception>
    public async ValueTask<TimeSpan> WaitUntilAsync(DateTimeOffset until, CancellationToken cancellationToken = default)
    {
        var (left, stored) = BeginWait(until);
        await stored.WaitAsync(cancellationToken);
        return left;
    }

    /// <summary>Lets the user's stream be unloaded. Emits nothing: the run goes on, or has ended, by its events.</summary>
    public ValueTask DisposeAsync()
    {
        if (_guard.TryDispose())
        {
            _runs.Leave(_life);
            _stream.Runs.Leave(_run);
            _stream.Pins.Remove();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Emits an event whose data was encoded and checked by its publisher's endpoint.</summary>
    /// <param name="data">The data.</param>
    /// <param name="key">The key under which it is published; null for none.</param>
    /// <param name="isUrgent">Whether a publisher waits for it to be stored.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    /// <param name="question">What it asks; null for nothing.</param>
    internal ValueTask<EventReceipt> EmitRawAsync(
        in PublishedData data, PublishKey? key, bool isUrgent, CancellationToken cancellationToken, QuestionChange? question = null)
    {
        var (encoder, now) = _drafts.Begin(data, AttemptOf(data.Subject));
        var draft = _drafts.Finish(data.Type, data.Subject, encoder, now, _drafts.Trace);
        return _sender.SendAsync(
            new PendingEvent(draft, data.Subject, _run) { Key = key, IsUrgent = isUrgent, Question = question }, cancellationToken);
    }

    /// <summary>What the run asks, and the answers to it.</summary>
    internal EmitterQuestions Questions => _questions;

    /// <summary>Emits a dead letter again: an event of its own, that counts in no run.</summary>
    /// <param name="data">Its data.</param>
    /// <param name="replayOf">The id of the event it repeats.</param>
    /// <param name="key">The key that keeps it from being sent again twice.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    internal ValueTask<EventReceipt> EmitReplayAsync(
        in PublishedData data, string replayOf, PublishKey key, CancellationToken cancellationToken)
    {
        var (encoder, now) = _drafts.Begin(data, Attempt);
        var draft = _drafts.Finish(data.Type, data.Subject, encoder, now, [.. _drafts.Trace, .. EnvelopeConstants.ReplayOf(replayOf)]) with
        {
            Thread = new EventThread(Context.ThreadId),
        };
        return _sender.SendAsync(new PendingEvent(draft, Subject: null, Run: null) { Key = key, IsUrgent = true }, cancellationToken);
    }

    /// <summary>The run is quiet. Only the server says that.</summary>
    /// <param name="agentName">The agent, if it is known.</param>
    /// <param name="quiet">For how long.</param>
    internal ValueTask<EventReceipt> AgentStalledAsync(string? agentName, TimeSpan quiet)
    {
        var (encoder, now) = _drafts.Begin(EventType.AgentStalled);
        if (agentName is not null)
        {
            encoder.Data.WriteString("agent_name"u8, agentName);
        }

        encoder.Data.WriteNumber("quiet_ms"u8, (long)quiet.TotalMilliseconds);
        return EmitAsync(EventType.AgentStalled, new EventSubject(agentName), encoder, now, metadata: null, CancellationToken.None);
    }

    /// <summary>Nobody has taken a command of the run in time. Only the server says that.</summary>
    /// <param name="command">The command.</param>
    /// <param name="change">What it changes: the command is untaken no more.</param>
    /// <param name="message">What has happened, for people.</param>
    internal ValueTask<EventReceipt> CommandExpiredAsync(NewCommand command, ExpiredCommand change, string message)
    {
        var (encoder, now) = _drafts.Begin(EventType.CommandExpired);
        DraftWriter.WriteExpired(encoder.Data, command, change.CommandId, message);
        encoder.Data.WriteEndObject();
        var draft = _drafts.Finish(EventType.CommandExpired, default, encoder, now, _drafts.Trace);
        return _sender.SendAsync(new PendingEvent(draft, default(EventSubject), _run) { Command = change }, CancellationToken.None);
    }

    /// <summary>Begins to wait.</summary>
    /// <param name="until">Until when.</param>
    /// <returns>How long may pass until the next sign of life; and what completes when the log has stored it.</returns>
    internal (TimeSpan Left, Task Stored) BeginWait(DateTimeOffset until) => _signs.BeginWait(until);

    /// <summary>The work on the run goes on in a delegated one for a while, whose signs of life count instead.</summary>
    internal void BeginDelegation() => _runs.BeginDelegation(_life, Publisher);

    /// <summary>The delegated run is over.</summary>
    internal void EndDelegation() => _runs.EndDelegation(_life, Publisher);

    // A beginning that says its attempt belongs to it, unless it can begin none.
    private int AttemptOf(in EventSubject subject)
        => subject.Attempt == 0 || _attempt.Named is not null
            ? Attempt
            : _stream.Runs.AttemptOf(_run, subject.Name, subject.Attempt, Attempt);

    private ValueTask<EventReceipt> EndAsync(
        EventType type,
        string agentName,
        TimeSpan? duration,
        EventError? error,
        string? reason,
        JsonObject? metadata,
        CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(agentName);
        var (encoder, now) = _drafts.Begin(type);
        var data = encoder.Data;
        data.WriteString("agent_name"u8, agentName);
        if (duration is { } took)
        {
            data.WriteNumber("duration_ms"u8, took.TotalMilliseconds);
        }

        if (reason is not null)
        {
            data.WriteString("reason"u8, reason);
        }

        encoder.WriteError(error);
        var usage = Usage;
        encoder.WriteUsage(usage);
        var sent = EmitAsync(type, new EventSubject(agentName), encoder, now, metadata, cancellationToken);
        if (usage is not null)
        {
            _costs.Record(usage);
        }

        return sent;
    }

    private ValueTask<EventReceipt> EmitAsync(
        EventType type,
        in EventSubject subject,
        EventEncoder encoder,
        DateTimeOffset now,
        JsonObject? metadata,
        CancellationToken cancellationToken)
    {
        _drafts.EndData(type, encoder, now, metadata);
        return FinishAsync(type, subject, encoder, now, cancellationToken);
    }

    private ValueTask<EventReceipt> FinishAsync(
        EventType type, in EventSubject subject, EventEncoder encoder, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var draft = _drafts.Finish(type, subject, encoder, now, _drafts.Trace);
        return _sender.SendAsync(new PendingEvent(draft, subject, _run), cancellationToken);
    }
}
