using Microsoft.Extensions.Options;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Delivery;

/// <summary>
/// Deletes dead letters that are too old or too many, and tells of those that were still waiting for an operator.
/// Called by a background loop.
/// </summary>
internal sealed class DeadLetterRetention(IEventLog log, FailureReporter failures, IOptions<DeliveryOptions> options, TimeProvider time)
{
    public async ValueTask RoundAsync(CancellationToken cancellationToken)
    {
        var limits = options.Value;
        var gone = await log.DeadLetters.ExpireAsync(
            time.GetUtcNow() - limits.DeadLetterRetention, limits.MaxDeadLetters, cancellationToken);
        if (gone > 0)
        {
            failures.Report(DeliveryFailures.LettersGone(gone, limits));
        }
    }
}
