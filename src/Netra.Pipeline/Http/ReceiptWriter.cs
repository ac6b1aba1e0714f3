using System.Buffers;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;

namespace Netra.Pipeline.Http;

/// <summary>Writes the answers of one request, in the order of its lines: each receipt once its event is stored, as many at once as are ready.</summary>
internal sealed class ReceiptWriter(EventPublisher publisher, ChannelReader<PublishOutcome> receipts, PipeWriter output)
{
    // A batch is flushed at this size, so that a long one does not pile up behind a publisher that reads.
    private const int FlushBytes = 16 * 1024;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private long _unflushed;
    private bool _hasAnswered;

    /// <summary>Writes until no more lines come and all are answered, or the publisher is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var json = new Utf8JsonWriter(output, Options);
        while (await receipts.WaitToReadAsync(cancellationToken))
        {
            while (receipts.TryRead(out var outcome))
            {
                if (outcome.IsKeepAlive)
                {
                    KeepAlive();
                    continue;
                }

                var rejection = outcome.Rejection ?? await ConfirmAsync(outcome, cancellationToken);
                Write(json, outcome, rejection);
                if (_unflushed >= FlushBytes && !await FlushAsync(cancellationToken))
                {
                    return;
                }
            }

            if (!await FlushAsync(cancellationToken))
            {
                return;
            }
        }
    }

    // An empty line, unless there was an answer since the last one.
    private void KeepAlive()
    {
        if (!_hasAnswered)
        {
            output.Write("\n"u8);
            _unflushed++;
        }

        _hasAnswered = false;
    }

    private async ValueTask<PublishRejection?> ConfirmAsync(PublishOutcome outcome, CancellationToken cancellationToken)
    {
        var confirming = publisher.ConfirmStoredAsync(outcome, cancellationToken);
        if (!confirming.IsCompleted && _unflushed > 0)
        {
            // What is stored is said before the next commit is waited for.
            await FlushAsync(cancellationToken);
        }

        return await confirming;
    }

    private void Write(Utf8JsonWriter json, in PublishOutcome outcome, PublishRejection? rejection)
    {
        if (rejection is null)
        {
            ReceiptJson.Write(json, outcome);
        }
        else
        {
            ReceiptJson.Write(json, rejection);
        }

        _hasAnswered = true;
        json.Flush();
        _unflushed += json.BytesCommitted + 1;
        json.Reset(output);
        output.Write("\n"u8);
    }

    private async ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        _unflushed = 0;
        var result = await output.FlushAsync(cancellationToken);
        return !result.IsCompleted && !result.IsCanceled;
    }
}
