using Netra.Pipeline.Contexts;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Events;

/// <summary>
/// Is told what happens in the pipeline, and is never asked. Register with <c>AddObserver</c>. Called on the thread on which it happens,
/// never under a lock, from many threads at once: an observer must be quick and must not wait. One that throws is reported as
/// <c>observer_failed</c>, and the pipeline goes on as if it had not.
/// </summary>
public interface IPipelineObserver
{
    /// <summary>
    /// A lifecycle event has its number: when it was accepted, or after the commit where the log numbers there. Tokens and
    /// custom events are counted, not told.
    /// </summary>
    /// <param name="observed">The event.</param>
    void OnEvent(in ObservedEvent observed);

    /// <summary>A connection has opened or ended.</summary>
    /// <param name="observed">The connection.</param>
    void OnConnection(in ObservedConnection observed);

    /// <summary>A failure was reported.</summary>
    /// <param name="failure">The failure.</param>
    void OnFailure(Failure failure);
}

/// <summary>A lifecycle event that has its number.</summary>
/// <param name="Context">Whose run it belongs to.</param>
/// <param name="Type">Its type.</param>
/// <param name="Seq">Its number.</param>
/// <param name="At">When it was accepted.</param>
/// <param name="Name">The agent or the tool; null where the type has neither.</param>
/// <param name="CallId">The tool call, if it is named.</param>
public readonly record struct ObservedEvent(
    UserExecutionContext Context, EventType Type, long Seq, DateTimeOffset At, string? Name, string? CallId);

/// <summary>A connection that has opened or ended.</summary>
/// <param name="ConnectionId">Its id.</param>
/// <param name="UserId">Whose it is.</param>
/// <param name="Transport">What carries it: <c>websocket</c> or <c>event_stream</c>.</param>
/// <param name="EndReason">Why it ended; null when it has opened.</param>
public readonly record struct ObservedConnection(string ConnectionId, string UserId, string Transport, ConnectionEndReason? EndReason);
