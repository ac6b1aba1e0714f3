using System.Diagnostics;
using System.Runtime.CompilerServices;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

/// <summary>
/// Makes the span of the acknowledgement of a run's end. What is awaited is kept here, by stream, and goes with the stream. Every method
/// costs a look while nobody has collected spans. Safe from any thread; called under no lock.
/// </summary>
internal sealed class AcknowledgementSpans(PipelineSpans spans, TimeProvider time)
{
    private readonly ConditionalWeakTable<UserStream, AwaitedAcknowledgements> _awaited = [];

    /// <summary>A run's end was accepted: its acknowledgement gets a span, when its trace is collected.</summary>
    public void Expect(UserStream stream, in EventReceipt receipt, UserExecutionContext context)
    {
        if (!PipelineActivitySource.Instance.HasListeners()
            || stream.IsSystem
            || !PipelineSpans.TryParse(context.Trace, out var creation)
            || !creation.TraceFlags.HasFlag(ActivityTraceFlags.Recorded))
        {
            return;
        }

        _awaited.GetOrCreateValue(stream).Add(
            new AwaitedAcknowledgement(receipt.AssignedSeq, creation, time.GetUtcNow(), context.RunId, context.ThreadId));
        if (stream.Stages.IsAcknowledged(receipt.AssignedSeq))
        {
            // The device was faster: its acknowledgement may have looked before the event was on the list.
            Settle(stream, receipt.AssignedSeq - 1, receipt.AssignedSeq);
        }
    }

    /// <summary>
    /// A device has acknowledged: the ends of runs among what it covers get the span of it, from accepted to acknowledged. It is linked to
    /// the context in the event's envelope: what a device does belongs to no publisher's trace, and one acknowledgement covers many.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="above">Where the device's coverage begins.</param>
    /// <param name="through">The number it acknowledges.</param>
    public void Settle(UserStream stream, long above, long through)
    {
        if (!_awaited.TryGetValue(stream, out var awaited) || awaited.IsEmpty)
        {
            return;
        }

        foreach (var settled in awaited.Take(above, through))
        {
            using var span = spans.Settle(settled.Creation, settled.AcceptedAt, stream.UserId);
            span?
                .SetTag("messaging.message.id", stream.IdOf(settled.Seq))
                .SetTag("gen_ai.conversation.id", settled.ThreadId)
                .SetTag("netra.run.id", settled.RunId)
                .SetEndTime(time.GetUtcNow().UtcDateTime);
        }
    }
}
