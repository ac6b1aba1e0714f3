using System.Text.Json;
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
/// <para>Thrown by every call: <see cref="BufferOverflowException"/> (too large; or a connection's queue is full, see <see cref="OverflowBehavior"/>),
/// <see cref="SendFailureException"/> (<c>run_ended</c>, <c>log_full</c>, <c>log_failed</c>: nothing was numbered), <see cref="NotInitializedException"/> and
/// <see cref="BridgeUnavailableException"/>. Each is reported before it is thrown.</para>
/// </remarks>
public sealed partial class EventEmitter : IAsyncDisposable
{
    private static readonly TimeSpan MaxWaiting = TimeSpan.FromDays(1);

    private readonly EmissionServices _services;
    private readonly UserStream _stream;
    private readonly StreamRun _run;
    private readonly EmitterOptions _options;
    private readonly EnvelopeConstants _constants;
    private readonly RunLife _life;
    private readonly ulong _ownerTag;
    private readonly TimeSpan _roomTimeout;
    private bool _hasReportedEmergency;
    private int _disposed;

    internal EventEmitter(
        EmissionServices services, UserStream stream, StreamRun run, RunLife life, UserExecutionContext context, EmitterOptions options)
    {
        (_services, _stream, _run, _life, Context, _options) = (services, stream, run, life, context, options);
        _constants = new EnvelopeConstants(context);
        _ownerTag = OwnerTag.Of(context.UserId);
        _roomTimeout = options.RoomTimeout ?? services.Waits.Timeout;
    }

    /// <summary>Whose run it is.</summary>
    public UserExecutionContext Context { get; }

    /// <summary>Whether the run has an event already, whoever emitted it.</summary>
    internal bool HasBegun => _stream.Runs.ProgressOf(_run).Events > 0;

    /// <summary>Whether the run has its terminal event, whoever emitted it.</summary>
    internal bool HasEnded => _stream.Runs.ProgressOf(_run).HasEnded;

    /// <summary>
    /// Refuses an event where the run has its terminal one, without encoding it or raising: those who go on after the end come in crowds.
    /// It has been reported. Null where the run is open, as far as is known without the
    /// stream's lock; the emission finds out the rest.
    /// </summary>
    internal PipelineException? RefuseAfterEnd(EventType type)
        => _run.HasEnded && HasEnded ? Refused(type, SendFailureException.RunEnded(Scope(type), EventTypes.WireName(type))) : null;

    /// <summary>The run's life.</summary>
    internal RunLife Life => _life;

    /// <summary>How many events the run has, whoever emitted them.</summary>
    internal long EventsOfRun => _stream.Runs.ProgressOf(_run).Events;

    /// <summary>The run has started.</summary>
    /// <param name="agentName">The agent that runs.</param>
    /// <param name="metadata">More about it; <c>{}</c> when null.</param>
    /// <param name="parentRunId">The run that delegated to it.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> AgentStartedAsync(
        string agentName, JsonObject? metadata = null, string? parentRunId = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(agentName);
        var (encoder, now) = Begin(EventType.AgentStarted);
        var data = encoder.Data;
        data.WriteString("agent_name"u8, agentName);
        if (parentRunId is not null)
        {
            data.WriteString("parent_run_id"u8, parentRunId);
        }

        if (_options.Lease is { } lease)
        {
            data.WriteNumber("lease_ms"u8, (long)lease.TotalMilliseconds);
        }

        return EmitAsync(EventType.AgentStarted, new EventSubject(agentName, Lease: _options.Lease ?? default), encoder, now, metadata, cancellationToken);
    }

    /// <summary>The agent thinks.</summary>
    /// <param name="thought">What it thinks.</param>
    /// <param name="metadata">More about it; <c>{}</c> when null.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> AgentThinkingAsync(string thought, JsonObject? metadata = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(thought);
        var (encoder, now) = Begin(EventType.AgentThinking);
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
        string toolName, string? callId = null, JsonNode? arguments = null, JsonObject? metadata = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(toolName);
        var (encoder, now) = Begin(EventType.ToolExecuting);
        WriteTool(encoder.Data, toolName, callId);
        WriteNode(EventType.ToolExecuting, encoder.Data, "arguments", arguments);
        return EmitAsync(EventType.ToolExecuting, new EventSubject(toolName, callId), encoder, now, metadata, cancellationToken);
    }

    /// <summary>A tool has ended, in whatever way.</summary>
    /// <param name="toolName">The tool.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="callId">Names the call.</param>
    /// <param name="metadata">More about it; <c>{}</c> when null.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> ToolCompletedAsync(
        string toolName, ToolOutcome outcome, string? callId = null, JsonObject? metadata = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(toolName);
        ArgumentNullException.ThrowIfNull(outcome);
        var (encoder, now) = Begin(EventType.ToolCompleted);
        var data = encoder.Data;
        WriteTool(data, toolName, callId);
        data.WriteString("status"u8, outcome.Status);
        data.WriteNumber("duration_ms"u8, outcome.Duration.TotalMilliseconds);
        WriteNode(EventType.ToolCompleted, data, "result", outcome.Result);
        WriteError(data, outcome.Error);
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
        string agentName, EventError error, TimeSpan? duration = null, JsonObject? metadata = null, CancellationToken cancellationToken = default)
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
        string agentName, string? reason = null, TimeSpan? duration = null, JsonObject? metadata = null, CancellationToken cancellationToken = default)
        => EndAsync(EventType.AgentCancelled, agentName, duration, error: null, reason, metadata, cancellationToken);

    /// <summary>A piece of streamed text.</summary>
    /// <param name="delta">The piece; it may be empty.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> TokenAsync(string delta, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(delta);
        var (encoder, now) = Begin(EventType.Token);
        encoder.Data.WriteString("delta"u8, delta);
        encoder.Data.WriteEndObject();
        return FinishAsync(EventType.Token, default, encoder, now, cancellationToken);
    }

    /// <summary>An event of the application's own.</summary>
    /// <param name="name">What kind it is.</param>
    /// <param name="value">Any JSON.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> CustomAsync(string name, JsonNode? value, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var (encoder, now) = Begin(EventType.Custom);
        encoder.Data.WriteString("name"u8, name);
        if (value is null)
        {
            encoder.Data.WriteNull("value"u8);
        }

        WriteNode(EventType.Custom, encoder.Data, "value", value);
        encoder.Data.WriteEndObject();
        return FinishAsync(EventType.Custom, default, encoder, now, cancellationToken);
    }

    /// <summary>Says that the run goes on, though there is nothing to tell: renews its lease. Nothing is numbered or delivered.</summary>
    /// <returns>How long may pass until the next sign of life.</returns>
    /// <exception cref="SendFailureException">The run has ended (<c>run_ended</c>), or has not begun (<c>invalid_event</c>).</exception>
    public TimeSpan Heartbeat()
    {
        EnsureGoesOn("heartbeat");
        _services.Runs.Hear(_life);
        return _services.Runs.LeftOf(_life);
    }

    /// <summary>
    /// Says that nothing is to be expected for a while, for somebody's answer, say. An event of the run ends it, a heartbeat does not; of
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
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _services.Runs.Leave(_life);
            _stream.Runs.Leave(_run);
            _stream.Pins.Remove();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Emits an event whose data somebody else has encoded and checked.</summary>
    /// <param name="data">The data.</param>
    /// <param name="key">The key under which it is published; null for none.</param>
    /// <param name="isUrgent">Whether somebody waits for it to be stored.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    internal ValueTask<EventReceipt> EmitRawAsync(
        in PublishedData data, PublishKey? key, bool isUrgent, CancellationToken cancellationToken)
    {
        var (encoder, now) = BeginRaw(data);
        var draft = Finish(data.Type, data.Subject, encoder, now, _constants.Trace);
        return SendAsync(new PendingEvent(draft, data.Subject, _run) { Key = key, IsUrgent = isUrgent }, cancellationToken);
    }

    /// <summary>Emits a dead letter again: an event of its own, that counts in no run.</summary>
    /// <param name="data">Its data.</param>
    /// <param name="replayOf">The id of the event it repeats.</param>
    /// <param name="key">The key that keeps it from being sent again twice.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    internal ValueTask<EventReceipt> EmitReplayAsync(
        in PublishedData data, string replayOf, PublishKey key, CancellationToken cancellationToken)
    {
        var (encoder, now) = BeginRaw(data);
        var draft = Finish(data.Type, data.Subject, encoder, now, [.. _constants.Trace, .. EnvelopeConstants.ReplayOf(replayOf)]);
        return SendAsync(new PendingEvent(draft, Subject: null, Run: null) { Key = key, IsUrgent = true }, cancellationToken);
    }

    /// <summary>The run is quiet. Only the server says that.</summary>
    /// <param name="agentName">The agent, if it is known.</param>
    /// <param name="quiet">For how long.</param>
    internal ValueTask<EventReceipt> AgentStalledAsync(string? agentName, TimeSpan quiet)
    {
        var (encoder, now) = Begin(EventType.AgentStalled);
        if (agentName is not null)
        {
            encoder.Data.WriteString("agent_name"u8, agentName);
        }

        encoder.Data.WriteNumber("quiet_ms"u8, (long)quiet.TotalMilliseconds);
        return EmitAsync(EventType.AgentStalled, new EventSubject(agentName), encoder, now, metadata: null, CancellationToken.None);
    }

    /// <summary>Begins to wait.</summary>
    /// <param name="until">Until when.</param>
    /// <returns>How long may pass until the next sign of life; and what completes when the log has stored it.</returns>
    internal (TimeSpan Left, Task Stored) BeginWait(DateTimeOffset until)
    {
        const string Type = "waiting";
        EnsureGoesOn(Type);
        if (until > _services.Time.GetUtcNow() + MaxWaiting)
        {
            var problem = $"is more than {MaxWaiting.TotalHours:F0} h ahead";
            throw Reported(SendFailureException.InvalidEvent(Context.ScopeOf(Type), "data.until", problem));
        }

        _services.Runs.Wait(_life, until);

        // A run of this process does not outlive it.
        return (_services.Runs.LeftOf(_life), _run.Logged.IsEmbedded ? Task.CompletedTask : StoreWaitAsync(until));
    }

    /// <summary>The work on the run goes on in another one for a while, which is heard of in its place.</summary>
    internal void BeginDelegation() => _services.Runs.BeginDelegation(_life);

    /// <summary>The other run is over.</summary>
    internal void EndDelegation() => _services.Runs.EndDelegation(_life);

    private async Task StoreWaitAsync(DateTimeOffset until)
    {
        try
        {
            await _stream.Runs.StoreWaitAsync(_run, until);
        }
        catch (PipelineException exception)
        {
            throw Reported(exception);
        }
    }

    private void EnsureGoesOn(string type)
    {
        var scope = Context.ScopeOf(type);
        var (events, hasEnded) = _stream.Runs.ProgressOf(_run);
        if (hasEnded)
        {
            throw Reported(SendFailureException.RunEnded(scope, type));
        }

        if (events == 0)
        {
            throw Reported(SendFailureException.InvalidEvent(scope, "type", $"is {type}, but the run has not begun"));
        }
    }

    private (EventEncoder Encoder, DateTimeOffset Now) BeginRaw(in PublishedData data)
    {
        var now = _services.Time.GetUtcNow();
        Ensure(data.Type);
        var encoder = EventEncoder.Rent();
        encoder.Begin(data.Type, _constants.Head, now);
        data.WriteTo(encoder, now);
        return (encoder, now);
    }

    private ValueTask<EventReceipt> EndAsync(
        EventType type, string agentName, TimeSpan? duration, EventError? error, string? reason, JsonObject? metadata, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(agentName);
        var (encoder, now) = Begin(type);
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

        WriteError(data, error);
        return EmitAsync(type, new EventSubject(agentName), encoder, now, metadata, cancellationToken);
    }

    private (EventEncoder Encoder, DateTimeOffset Now) Begin(EventType type)
    {
        Ensure(type);
        var now = _services.Time.GetUtcNow();
        var encoder = EventEncoder.Rent();
        encoder.Begin(type, _constants.Head, now);
        encoder.Data.WriteStartObject();
        return (encoder, now);
    }

    private ValueTask<EventReceipt> EmitAsync(
        EventType type, in EventSubject subject, EventEncoder encoder, DateTimeOffset now, JsonObject? metadata, CancellationToken cancellationToken)
    {
        // S4 has these two in the data of every lifecycle event.
        var data = encoder.Data;
        if (metadata is null)
        {
            data.WriteStartObject("metadata"u8);
            data.WriteEndObject();
        }

        WriteNode(type, data, "metadata", metadata);
        data.WritePropertyName("timestamp"u8);
        data.Flush();
        encoder.WriteSeconds(now);
        encoder.WriteRaw("}"u8);
        return FinishAsync(type, subject, encoder, now, cancellationToken);
    }

    private EventDraft Finish(EventType type, in EventSubject subject, EventEncoder encoder, DateTimeOffset now, ReadOnlySpan<byte> tail)
    {
        try
        {
            var body = encoder.Finish(tail);
            if (body.Length > _services.MaxEventBytes)
            {
                throw TooLarge(type, subject, body.Length);
            }

            return new EventDraft(type, now, _ownerTag, body, _stream.ExpectedSeq)
            {
                Timestamp = _services.Served.GetTimestamp(),
                Declared = type == EventType.AgentStarted ? new RunDeclaration(subject.Name, subject.Lease) : null,
            };
        }
        finally
        {
            encoder.Return();
        }
    }

    // Whoever is missing it is told what it was.
    private PipelineException TooLarge(EventType type, in EventSubject subject, int size)
    {
        var refusal = BufferOverflowException.EventTooLarge(Scope(type), size, _services.MaxEventBytes);
        var isOfTool = type is EventType.ToolExecuting or EventType.ToolCompleted;
        refusal.Event = new RefusedEvent(EventTypes.WireName(type), isOfTool ? subject.Name : null, isOfTool ? subject.CallId : null);
        return Refused(type, refusal);
    }

    private ValueTask<EventReceipt> FinishAsync(EventType type, in EventSubject subject, EventEncoder encoder, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var draft = Finish(type, subject, encoder, now, _constants.Trace);
        return SendAsync(new PendingEvent(draft, subject, _run), cancellationToken);
    }

    // Without a subject the event counts in no run.
    private EventReceipt Conclude(in PendingEvent pending, in AppendOutcome outcome)
    {
        var type = pending.Draft.Type;
        switch (outcome.Kind)
        {
            case AppendKind.Accepted:
                break;
            case AppendKind.RunEnded:
                throw Refused(type, SendFailureException.RunEnded(Scope(type), EventTypes.WireName(type)));
            case AppendKind.LogFull:
                throw Refused(type, SendFailureException.LogFull(Scope(type), _services.Log.Bound));
            case AppendKind.LogFailed:
                throw Refused(type, SendFailureException.LogFailed(
                    Scope(type), outcome.Fault is null ? "it takes nothing until it recovers" : "it threw; the server's log says what", innerException: outcome.Fault));
            case AppendKind.Stopped:
                throw Refused(type, new NotInitializedException(Scope(type), nameof(Gate.BridgeState.Stopped)));
            case AppendKind.NoRoom:
            default:
                throw new InvalidOperationException($"An append without a wish for room ended with {outcome.Kind}.");
        }

        _stream.Observer.OnAccepted(type, pending.Draft.Timestamp);
        if (pending.Subject is { } named)
        {
            Observe(pending.Draft, named, outcome.Seq);
        }

        var receipt = new EventReceipt(_stream, outcome.Seq, outcome.Status);
        _services.Telemetry.OnAccepted(type, _stream, receipt, outcome, Context);
        if (outcome.Overflowed is { } overflowed)
        {
            var exception = BufferOverflowException.QueueFull(Scope(type), outcome.Seq, receipt.AssignedId, overflowed);
            _services.Failures.Report(exception);
            if (_options.Overflow == OverflowBehavior.Raise)
            {
                throw exception;
            }
        }

        return receipt;
    }

    private void Ensure(EventType type)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        if (!_services.Bridge.CanEmit(Context.IsSystem))
        {
            try
            {
                _services.Bridge.EnsureCanEmit(Scope(type), Context.IsSystem);
            }
            catch (PipelineException exception)
            {
                Refused(type, exception);
                throw;
            }
        }

        if (_services.Emergency.IsOn && type is EventType.Token or EventType.Custom && !Context.IsSystem)
        {
            RefuseInEmergency(type);
        }
    }

    private void RefuseInEmergency(EventType type)
    {
        var refusal = SendFailureException.EmergencyMode(Scope(type), EventTypes.WireName(type), _services.Emergency.Reason);
        if (_hasReportedEmergency)
        {
            // Or an agent that goes on streaming would fill the log with it.
            refusal.TryMarkReported();
        }

        _hasReportedEmergency = true;
        throw Refused(type, refusal);
    }

    private void Observe(in EventDraft draft, in EventSubject subject, long seq)
    {
        if (draft.Type is EventType.Token or EventType.Custom)
        {
            _services.Runs.OnToken(_life, draft.Timestamp);
            return;
        }

        if (_options.IsOfServer)
        {
            _life.OnOwnEvent(draft.Type);
        }
        else
        {
            _services.Runs.OnEvent(_life, Context, draft.Type, subject);
        }

        if (_services.Observation.HasObservers)
        {
            _services.Observation.OnEvent(new ObservedEvent(Context, draft.Type, seq, draft.AcceptedAt, subject.Name, subject.CallId));
        }
    }

    private FailureScope Scope(EventType type) => Context.ScopeOf(EventTypes.WireName(type));

    private PipelineException Refused(EventType type, PipelineException exception)
    {
        _stream.Observer.OnRefused(type);
        if (!_options.IsOfServer)
        {
            // Whoever tries to publish is there, whatever the reason why it cannot be taken.
            _services.Runs.Hear(_life);
        }

        return Reported(exception);
    }

    private PipelineException Reported(PipelineException exception)
    {
        _services.Failures.Report(exception);
        return exception;
    }

    private static void WriteTool(Utf8JsonWriter data, string toolName, string? callId)
    {
        data.WriteString("tool_name"u8, toolName);
        if (callId is not null)
        {
            data.WriteString("call_id"u8, callId);
        }
    }

    // What the caller brings along may not be writable: nested too deep, or a value whose own serialization fails.
    private void WriteNode(EventType type, Utf8JsonWriter data, string name, JsonNode? node)
    {
        if (node is null)
        {
            return;
        }

        try
        {
            data.WritePropertyName(name);
            node.WriteTo(data);
        }
        catch (Exception exception)
        {
            throw Refused(type, SendFailureException.InvalidEvent(Scope(type), name, $"cannot be encoded: {exception.Message}"));
        }
    }

    private static void WriteError(Utf8JsonWriter data, EventError? error)
    {
        if (error is not null)
        {
            data.WriteStartObject("error"u8);
            data.WriteString("code"u8, error.Code);
            data.WriteString("message"u8, error.Message);
            data.WriteEndObject();
        }
    }
}
