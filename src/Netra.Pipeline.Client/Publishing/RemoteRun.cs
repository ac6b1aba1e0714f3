using System.Text.Json.Nodes;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client.Publishing;

/// <summary>
/// One run, published from outside of the server's process. Its lease is renewed for as long as this object is there, and the publisher; it
/// has
/// one end: a run that is disposed without one ends as failed (<c>run_abandoned</c>). Safe for any number of threads; events come in the
/// order
/// in which they were given.
/// </summary>
public sealed class RemoteRun : IAsyncDisposable
{
    private readonly PipelinePublisher _publisher;
    private readonly CancellationTokenSource _cancelled = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TaskCompletionSource<RunAnswer>> _questions = new(StringComparer.Ordinal);
    private bool _isOpen;
    private bool _isOver;
    private bool _isLeft;
    private bool _isEndTried;
    private int _ends;
    private string _agentName = "agent";

    internal RemoteRun(PipelinePublisher publisher, string? tenantId, string userId, string threadId, string runId, int attempt)
        => (_publisher, TenantId, UserId, ThreadId, RunId, Attempt) = (publisher, tenantId, userId, threadId, runId, attempt);

    /// <summary>Of which tenant the user is; null for the publisher's own, or none.</summary>
    public string? TenantId { get; }

    /// <summary>Whose it is.</summary>
    public string UserId { get; }

    /// <summary>The thread.</summary>
    public string ThreadId { get; }

    /// <summary>The run.</summary>
    public string RunId { get; }

    /// <summary>Which try it is, from 1.</summary>
    public int Attempt { get; }

    /// <summary>
    /// Cancelled when the user wants the run to end. What becomes of it is said by its events (<see cref="CancelledAsync"/>).
    /// </summary>
    public CancellationToken Cancelled => _cancelled.Token;

    /// <summary>Whether it was disposed before it was known whether it has begun: what it says then is its end alone.</summary>
    internal bool IsLeft => Volatile.Read(ref _isLeft);

    /// <summary>Whether the server knows it, and it has not ended.</summary>
    internal bool IsOpen => Volatile.Read(ref _isOpen);

    /// <summary><c>agent_started</c>: the run, or its next attempt, begins.</summary>
    /// <param name="agentName">The agent.</param>
    /// <param name="lease">How long it may say nothing while no request is open; 1 s to a day; null for the server's 60 s.</param>
    /// <param name="metadata">Anything besides.</param>
    /// <param name="cancellationToken">Ends the waiting, not the event.</param>
    /// <exception cref="PublishRejectedException">The server has refused it for good.</exception>
    /// <exception cref="PublisherException">The publisher has ended.</exception>
    public Task<PublishReceipt> StartedAsync(
        string agentName, TimeSpan? lease = null, JsonObject? metadata = null, CancellationToken cancellationToken = default)
    {
        _agentName = agentName;
        var data = Data(("agent_name", agentName), ("metadata", metadata));
        Add(data, "lease_ms", lease is { } time ? (long)time.TotalMilliseconds : null);
        Add(data, "attempt", Attempt > 1 ? Attempt : null);
        return PublishAsync("agent_started", data, cancellationToken);
    }

    /// <summary><c>token</c>: a piece of the answer's text.</summary>
    /// <param name="delta">The text.</param>
    /// <param name="cancellationToken">Ends the waiting for room.</param>
    /// <returns>Completes when it is taken, and may wait for room; the task within, when it is stored.</returns>
    /// <exception cref="PublisherException">The publisher has ended.</exception>
    public ValueTask<Task<PublishReceipt>> TokenAsync(string delta, CancellationToken cancellationToken = default)
        => _publisher.EnqueueAsync(Event("token", Data(("delta", delta))), this, cancellationToken);

    /// <summary><c>thinking_delta</c>: a piece of a thought.</summary>
    /// <param name="delta">The text.</param>
    /// <param name="thoughtId">Which pieces belong together; 1 to 256 bytes.</param>
    /// <param name="cancellationToken">Ends the waiting for room.</param>
    /// <inheritdoc cref="TokenAsync"/>
    public ValueTask<Task<PublishReceipt>> ThinkingDeltaAsync(
        string delta, string thoughtId, CancellationToken cancellationToken = default)
        => _publisher.EnqueueAsync(Event("thinking_delta", Data(("delta", delta), ("thought_id", thoughtId))), this, cancellationToken);

    /// <summary><c>agent_thinking</c>: a whole thought.</summary>
    /// <inheritdoc cref="StartedAsync"/>
    public Task<PublishReceipt> ThinkingAsync(string thought, JsonObject? metadata = null, CancellationToken cancellationToken = default)
        => PublishAsync("agent_thinking", Data(("thought", thought), ("metadata", metadata)), cancellationToken);

    /// <summary><c>tool_executing</c>: a tool is called.</summary>
    /// <param name="toolName">The tool.</param>
    /// <param name="callId">The call; needed where two calls of one tool are open at a time.</param>
    /// <param name="arguments">What it is called with.</param>
    /// <param name="cancellationToken">Ends the waiting, not the event.</param>
    /// <inheritdoc cref="StartedAsync"/>
    public Task<PublishReceipt> ToolExecutingAsync(
        string toolName, string? callId = null, JsonNode? arguments = null, CancellationToken cancellationToken = default)
        => PublishAsync(
            "tool_executing", Data(("tool_name", toolName), ("call_id", callId), ("arguments", arguments)), cancellationToken);

    /// <summary><c>tool_completed</c>: a tool's call is over, well.</summary>
    /// <param name="toolName">The tool.</param>
    /// <param name="callId">The call, as it was begun.</param>
    /// <param name="result">What came of it.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="cancellationToken">Ends the waiting, not the event.</param>
    /// <inheritdoc cref="StartedAsync"/>
    public Task<PublishReceipt> ToolCompletedAsync(
        string toolName,
        string? callId = null,
        JsonNode? result = null,
        TimeSpan? duration = null,
        CancellationToken cancellationToken = default)
    {
        var data = Data(("tool_name", toolName), ("call_id", callId), ("status", "ok"), ("result", result));
        Add(data, "duration_ms", (long?)duration?.TotalMilliseconds);
        return PublishAsync("tool_completed", data, cancellationToken);
    }

    /// <summary><c>tool_completed</c>: a tool's call has failed.</summary>
    /// <param name="toolName">The tool.</param>
    /// <param name="error">Why.</param>
    /// <param name="callId">The call, as it was begun.</param>
    /// <param name="cancellationToken">Ends the waiting, not the event.</param>
    /// <inheritdoc cref="StartedAsync"/>
    public Task<PublishReceipt> ToolFailedAsync(
        string toolName, EventError error, string? callId = null, CancellationToken cancellationToken = default)
        => PublishAsync(
            "tool_completed",
            Data(("tool_name", toolName), ("call_id", callId), ("status", "failed"), ("error", Json(error))),
            cancellationToken);

    /// <summary><c>custom</c>: an event of the application's own.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="cancellationToken">Ends the waiting for room.</param>
    /// <inheritdoc cref="TokenAsync"/>
    public ValueTask<Task<PublishReceipt>> CustomAsync(string name, JsonNode? value, CancellationToken cancellationToken = default)
    {
        var data = Data(("name", name));
        data["value"] = value;
        return _publisher.EnqueueAsync(Event("custom", data), this, cancellationToken);
    }

    /// <summary>
    /// Asks somebody, and waits for the answer, over restarts of the server. Asked again under the same id, by this process or another, it
    /// has the
    /// answer that was given.
    /// </summary>
    /// <param name="requestId">The question's name, unique in its run; 1 to 256 bytes.</param>
    /// <param name="kind">What the answer must be.</param>
    /// <param name="prompt">The question, in words.</param>
    /// <param name="options">Of what is to be chosen, for a choice: 1 to 64 different texts.</param>
    /// <param name="until">Until when an answer is of use, if not for ever. The question stays open beyond it.</param>
    /// <param name="cancellationToken">Ends the waiting, not the question.</param>
    /// <exception cref="PublishRejectedException">
    /// The server has refused the question for good, or the run is over, as an attempt of another process has it, say.
    /// </exception>
    /// <exception cref="PublisherException">The publisher has ended.</exception>
    public async Task<RunAnswer> AskAsync(
        string requestId,
        RequestKind kind,
        string prompt,
        IEnumerable<string>? options = null,
        DateTimeOffset? until = null,
        CancellationToken cancellationToken = default)
    {
        var answer = new TaskCompletionSource<RunAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (!_questions.TryAdd(requestId, answer))
            {
                throw new InvalidOperationException($"'{requestId}' is being asked already.");
            }
        }

        try
        {
            var data = Data(("request_id", requestId), ("kind", RequestKinds.WireName(kind)), ("prompt", prompt));
            Add(data, "options", options is null ? null : new JsonArray([.. options.Select(static text => JsonValue.Create(text))]));
            Add(data, "until", until is { } time ? (time - DateTimeOffset.UnixEpoch).TotalSeconds : null);
            var receipt = await PublishAsync("run_waiting", data, cancellationToken);
            return receipt.Answer is { } value
                ? new RunAnswer(value, receipt.AnsweredBy ?? UserId)
                : await answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_gate)
            {
                _questions.Remove(requestId);
            }
        }
    }

    /// <summary>
    /// Says that the run goes on. A request that is open renews its lease by itself; a run that says nothing for 15 min is called stalled
    /// all the
    /// same.
    /// </summary>
    /// <inheritdoc cref="StartedAsync"/>
    public async Task<PublishReceipt> HeartbeatAsync(CancellationToken cancellationToken = default)
        => await (await _publisher.EnqueueAsync(Heartbeat(), this, cancellationToken)).WaitAsync(cancellationToken);

    /// <summary>Says that nothing is to be expected before a time, a day ahead at most: until then the run is not silent.</summary>
    /// <inheritdoc cref="StartedAsync"/>
    public Task<PublishReceipt> WaitUntilAsync(DateTimeOffset until, CancellationToken cancellationToken = default)
    {
        var data = new JsonObject { ["until"] = (until - DateTimeOffset.UnixEpoch).TotalSeconds };
        return PublishAsync("waiting", data, cancellationToken);
    }

    /// <summary><c>agent_completed</c>: the run has come to its end.</summary>
    /// <inheritdoc cref="StartedAsync"/>
    public Task<PublishReceipt> CompletedAsync(JsonObject? metadata = null, CancellationToken cancellationToken = default)
        => EndAsync("agent_completed", Data(("agent_name", _agentName), ("metadata", metadata)), cancellationToken);

    /// <summary><c>agent_failed</c>: the run has failed.</summary>
    /// <param name="error">Why.</param>
    /// <param name="cancellationToken">Ends the waiting, not the event.</param>
    /// <inheritdoc cref="StartedAsync"/>
    public Task<PublishReceipt> FailedAsync(EventError error, CancellationToken cancellationToken = default)
        => EndAsync("agent_failed", Data(("agent_name", _agentName), ("error", Json(error))), cancellationToken);

    /// <summary><c>agent_cancelled</c>: the run was cancelled.</summary>
    /// <param name="reason">Why, in words.</param>
    /// <param name="cancellationToken">Ends the waiting, not the event.</param>
    /// <inheritdoc cref="StartedAsync"/>
    public Task<PublishReceipt> CancelledAsync(string? reason = null, CancellationToken cancellationToken = default)
        => EndAsync("agent_cancelled", Data(("agent_name", _agentName), ("reason", reason)), cancellationToken);

    /// <summary>
    /// Ends the run as failed, if it has begun and has no end; its lease is not renewed any more. One of which it is not known yet that it
    /// has begun is ended when that is known.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        bool isToEnd;
        lock (_gate)
        {
            isToEnd = _isOpen && IsWithoutEnd;
            _isLeft = !isToEnd;
        }

        try
        {
            if (isToEnd)
            {
                await FailedAsync(Abandoned);
            }
        }
        finally
        {
            _publisher.Forget(this);
            _cancelled.Dispose();
        }
    }

    /// <summary>A user wants the run to end.</summary>
    internal void Cancel()
    {
        try
        {
            _cancelled.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended meanwhile.
        }
    }

    /// <returns>Whether somebody waits for the answer.</returns>
    internal bool TryAnswer(AnswerCommand command)
    {
        lock (_gate)
        {
            return _questions.TryGetValue(command.RequestId, out var answer)
                && answer.TrySetResult(new RunAnswer(command.Value, command.By));
        }
    }

    /// <summary>The server has taken an event of the run.</summary>
    internal void Taken(string type)
    {
        lock (_gate)
        {
            _isOpen = !IsEnd(type);
        }

        EndIfLeft();
    }

    /// <summary>The server has refused an event of the run for good: if it was the end, the run still has none.</summary>
    internal void Refused(string type)
    {
        if (IsEnd(type))
        {
            Interlocked.Decrement(ref _ends);
            EndIfLeft();
        }
    }

    /// <summary>The server says that the run is over: whoever asks something gets no answer any more.</summary>
    /// <param name="rejection">What it says.</param>
    internal void Over(PublishRejectedException rejection)
    {
        lock (_gate)
        {
            (_isOpen, _isOver) = (false, true);
        }

        FailQuestions(rejection);
    }

    /// <summary>No answer comes any more to what is being asked.</summary>
    internal void FailQuestions(Exception why)
    {
        lock (_gate)
        {
            foreach (var answer in _questions.Values)
            {
                answer.TrySetException(why);
                _ = answer.Task.Exception;
            }
        }
    }

    /// <summary>A sign of its life.</summary>
    internal PublishEvent Heartbeat() => Event("heartbeat", null);

    private static EventError Abandoned => new("run_abandoned", "The publisher has left the run without an end.");

    private bool IsWithoutEnd => !_isOver && Volatile.Read(ref _ends) == 0;

    private static bool IsEnd(string type) => EventTypes.TryParse(type, out var known) && EventTypes.IsTerminal(known);

    private static JsonObject Json(EventError error) => new() { ["code"] = error.Code, ["message"] = error.Message };

    private static JsonObject Data(params ReadOnlySpan<(string Name, JsonNode? Value)> members)
    {
        var data = new JsonObject();
        foreach (var (name, value) in members)
        {
            Add(data, name, value);
        }

        return data;
    }

    private static void Add(JsonObject data, string name, JsonNode? value)
    {
        if (value is not null)
        {
            data[name] = value;
        }
    }

    // Nobody waits for it, and the one that reads receipts must not: the end may have to wait for room.
    private void EndIfLeft()
    {
        bool isToEnd;
        lock (_gate)
        {
            isToEnd = _isLeft && !_isEndTried && _isOpen && IsWithoutEnd;
            _isEndTried |= isToEnd;
        }

        if (isToEnd)
        {
            _ = EndLeftAsync();
        }
    }

    private async Task EndLeftAsync()
    {
        try
        {
            await FailedAsync(Abandoned);
        }
        catch (Exception exception) when (exception is PublisherException or PublishRejectedException or ObjectDisposedException)
        {
            // The publisher has ended, or has told of the refusal.
        }
    }

    private async Task<PublishReceipt> EndAsync(string type, JsonObject data, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _ends);
        Task<PublishReceipt> receipt;
        try
        {
            receipt = await _publisher.EnqueueAsync(Event(type, data), this, cancellationToken);
        }
        catch
        {
            // It was not taken, for want of room or because it is too long.
            Interlocked.Decrement(ref _ends);
            throw;
        }

        return await receipt.WaitAsync(cancellationToken);
    }

    private async Task<PublishReceipt> PublishAsync(string type, JsonObject data, CancellationToken cancellationToken)
        => await (await _publisher.EnqueueAsync(Event(type, data), this, cancellationToken)).WaitAsync(cancellationToken);

    private PublishEvent Event(string type, JsonObject? data)
        => new(UserId, ThreadId, RunId, type, data) { TenantId = TenantId, Attempt = Attempt };
}
