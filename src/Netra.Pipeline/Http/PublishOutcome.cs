using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;

namespace Netra.Pipeline.Http;

/// <summary>What became of one event: its receipt, or why it has none.</summary>
/// <param name="Receipt">The receipt; meaningless with a rejection.</param>
/// <param name="Context">Whose event it is; null with a rejection.</param>
/// <param name="AcceptedAt">The clock's timestamp when it was accepted.</param>
/// <param name="Rejection">Why it was refused; null when it was not.</param>
internal readonly record struct PublishOutcome(EventReceipt Receipt, UserExecutionContext? Context, long AcceptedAt, PublishRejection? Rejection)
{
    public static PublishOutcome Rejected(PublishRejection rejection) => new(default, null, 0, rejection);
}
