using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// One round of verification: the five lifecycle events of its own run, each numbered above what was there before, received in order and
/// acknowledged. Events of another run, or of an earlier round, prove nothing. The client adds events, and the round is checked when the
/// client has ended; not thread-safe.
/// </summary>
/// <param name="runId">The round's own run.</param>
internal sealed class VerificationRound(string runId)
{
    private static readonly EventType[] Expected =
        [EventType.AgentStarted, EventType.AgentThinking, EventType.ToolExecuting, EventType.ToolCompleted, EventType.AgentCompleted];

    private readonly List<(EventType Type, long Seq)> _received = [];
    private long _head;

    /// <summary>Records the stream's last number when the round begins.</summary>
    public void Begin(WelcomeMessage welcome) => _head = welcome.Seq;

    /// <summary>Adds a received event.</summary>
    /// <returns>Whether it is the end of the round's run.</returns>
    public bool Add(EventMessage message)
    {
        if (message.RunId != runId || message.Seq <= _head || message.EventType is not { } type)
        {
            return false;
        }

        if (type != EventType.Token)
        {
            _received.Add((type, message.Seq));
        }

        return EventTypes.IsTerminal(type);
    }

    /// <summary>Checks the round.</summary>
    /// <param name="isAcknowledged">Whether the server has recorded a number as acknowledged.</param>
    /// <exception cref="InvalidOperationException">An event is missing, or is not acknowledged; the message says which.</exception>
    public void Check(Func<long, bool> isAcknowledged)
    {
        if (!_received.Select(static received => received.Type).SequenceEqual(Expected))
        {
            var names = _received.Count == 0
                ? "nothing"
                : string.Join(", ", _received.Select(static received => EventTypes.WireName(received.Type)));
            throw new InvalidOperationException($"the client received {names} instead of the five lifecycle events of run {runId}");
        }

        var open = _received.Where(received => !isAcknowledged(received.Seq))
            .Select(static received => $"{EventTypes.WireName(received.Type)} ({received.Seq})")
            .ToList();
        if (open.Count > 0)
        {
            throw new InvalidOperationException($"not acknowledged: {string.Join(", ", open)} of run {runId}");
        }
    }
}
