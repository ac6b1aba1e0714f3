using System.Text.Json.Nodes;
using Netra.Pipeline.Emission;

namespace Netra.Pipeline.Agents;

/// <summary>
/// The events an agent may emit itself. The events that frame a run (started, tools, the terminal event) are emitted by the runner and the
/// tool executor, so that an agent cannot emit them twice or leave them out. Safe from any thread.
/// </summary>
/// <remarks>
/// Every method throws when the event was not accepted: no device will see it. An accepted event for which a connection had no room is
/// reported and returned as a receipt, since a stalled tab must not end the run for every other.
/// </remarks>
public sealed class AgentEvents
{
    private readonly EventEmitter _emitter;

    internal AgentEvents(EventEmitter emitter) => _emitter = emitter;

    /// <summary>Shows what the agent is thinking.</summary>
    /// <param name="thought">The thought.</param>
    /// <param name="metadata">More about it, if anything.</param>
    /// <param name="ct">Gives up before the event is numbered.</param>
    /// <returns>The event's receipt.</returns>
    public ValueTask<EventReceipt> ThinkAsync(string thought, JsonObject? metadata = null, CancellationToken ct = default) =>
        _emitter.AgentThinkingAsync(thought, metadata, ct);

    /// <summary>
    /// Streams a piece of text that is not part of the answer. What the agent yields is streamed anyway, and given
    /// to the caller too; this is not.
    /// </summary>
    /// <param name="delta">The text.</param>
    /// <param name="ct">Gives up before the event is numbered.</param>
    /// <returns>The event's receipt.</returns>
    public ValueTask<EventReceipt> TokenAsync(string delta, CancellationToken ct = default) => _emitter.TokenAsync(delta, ct);

    /// <summary>Streams a piece of a thought.</summary>
    /// <param name="delta">The text.</param>
    /// <param name="thoughtId">Pieces with one id belong together: 1 to 256 bytes of UTF-8.</param>
    /// <param name="ct">Gives up before the event is numbered.</param>
    /// <returns>The event's receipt.</returns>
    public ValueTask<EventReceipt> ThinkingDeltaAsync(string delta, string thoughtId, CancellationToken ct = default)
        => _emitter.ThinkingDeltaAsync(delta, thoughtId, ct);

    /// <summary>Emits an event of the application's own.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value, any JSON.</param>
    /// <param name="ct">Gives up before the event is numbered.</param>
    /// <returns>The event's receipt.</returns>
    public ValueTask<EventReceipt> CustomAsync(string name, JsonNode? value, CancellationToken ct = default)
        => _emitter.CustomAsync(name, value, ct);
}
