using Netra.Pipeline.Contexts;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

/// <summary>
/// Is told of every accepted event. Costs a token nothing; spans and checkpoints are for lifecycle events alone, and only while they are
/// collected. Safe from any thread; called under no lock.
/// </summary>
internal sealed class EmissionTelemetry(StreamRegistry streams, AcknowledgementSpans acknowledgements, Checkpoints checkpoints)
{
    private readonly StreamCounters _counters = streams.Counters;

    public void OnAccepted(
        EventType type, UserStream stream, in EventReceipt receipt, in AppendOutcome outcome, UserExecutionContext context)
    {
        if (stream.IsSystem)
        {
            return;
        }

        if (outcome.Overflowed is { } overflowed)
        {
            _counters.OnSlowConsumers(overflowed.Count);
        }

        if (EventTypes.IsTerminal(type))
        {
            acknowledgements.Expect(stream, receipt, context);
        }

        if (EventTypes.IsCritical(type))
        {
            checkpoints.Follow(type, receipt, outcome, context);
        }
    }
}
