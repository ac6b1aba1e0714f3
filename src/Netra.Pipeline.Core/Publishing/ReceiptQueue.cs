using System.Threading.Channels;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// The receipts of one request between reading its lines and writing the answer. Reading goes on while nobody reads receipts, up to a
/// bound; there it waits for room, but only so long. One reader, one who adds.
/// </summary>
internal sealed class ReceiptQueue(IOptions<PublishOptions> options, TimeProvider time)
{
    private readonly Channel<PublishOutcome> _channel = Channel.CreateBounded<PublishOutcome>(
        new BoundedChannelOptions(options.Value.MaxUnreadReceipts) { SingleReader = true });

    public ChannelReader<PublishOutcome> Reader => _channel.Reader;

    /// <summary>Adds the outcome of the next line.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="cancellationToken">Fires when the publisher is gone.</param>
    /// <returns>False when the queue was full and not one receipt left it in time.</returns>
    public ValueTask<bool> TryAddAsync(in PublishOutcome outcome, CancellationToken cancellationToken)
        => _channel.Writer.TryWrite(outcome) ? ValueTask.FromResult(true) : WaitAndAddAsync(outcome, cancellationToken);

    /// <summary>No more lines come.</summary>
    public void Complete() => _channel.Writer.TryComplete();

    private async ValueTask<bool> WaitAndAddAsync(PublishOutcome outcome, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.Value.UnreadReceiptTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await _channel.Writer.WriteAsync(outcome, either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
