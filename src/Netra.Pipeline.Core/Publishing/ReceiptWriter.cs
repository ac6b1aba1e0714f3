using System.Buffers;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;
using Netra.Pipeline.Commands;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// Writes the answers of one request, in the order of its lines: each receipt once its event is stored, as many at once as are ready; and
/// between them, where that was asked for, commands as they come. While it waits, for lines, commands or the log, an empty line comes as
/// often as is said, so that no proxy takes the answer for dead.
/// </summary>
/// <remarks>
/// One loop writes; nobody else may use the output meanwhile. A publisher that does not read is waited for, and gets no empty lines on top.
/// </remarks>
/// <param name="publisher">Knows what is stored.</param>
/// <param name="receipts">What became of the lines.</param>
/// <param name="commands">The commands that it is to carry; null for none.</param>
/// <param name="output">The answer.</param>
/// <param name="silence">For how long nothing may be written while there is nothing to be said.</param>
/// <param name="time">The clock.</param>
internal sealed class ReceiptWriter(
    EventPublisher publisher,
    ChannelReader<PublishOutcome> receipts,
    CommandReader? commands,
    PipeWriter output,
    TimeSpan silence,
    TimeProvider time)
{
    // A batch is flushed at this size, so that a long one does not pile up behind a publisher that reads.
    private const int FlushBytes = 16 * 1024;

    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private long _unflushed;
    private long _writtenAt = time.GetTimestamp();
    private Task _isSilent = Task.CompletedTask;
    private bool _isGone;

    /// <summary>Writes until no more lines come and all are answered, or the publisher is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            _isSilent = Task.Delay(silence, time, ending.Token);
            await WriteAllAsync(ending.Token);
        }
        finally
        {
            await ending.CancelAsync();
        }
    }

    private async Task WriteAllAsync(CancellationToken cancellationToken)
    {
        await using var json = new Utf8JsonWriter(output, Options);
        while (await WaitAsync(receipts.WaitToReadAsync(cancellationToken), cancellationToken) && !_isGone)
        {
            while (receipts.TryRead(out var outcome))
            {
                var rejection = outcome.Rejection ?? await ConfirmAsync(outcome, cancellationToken);
                Write(json, outcome, rejection);
                WriteCommands();
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

    // Called between answers alone. One delay serves many waits: it is set anew only when it is over, for what is left since the last
    // bytes.
    private async ValueTask<T> WaitAsync<T>(ValueTask<T> waiting, CancellationToken cancellationToken)
    {
        if (waiting.IsCompleted)
        {
            return await waiting;
        }

        var waited = waiting.AsTask();
        while (await WhenAnyAsync(waited) != waited && !cancellationToken.IsCancellationRequested)
        {
            if (WriteCommands())
            {
                _isGone |= !await FlushAsync(cancellationToken);
                continue;
            }

            if (!_isSilent.IsCompleted)
            {
                continue;
            }

            var left = silence - time.GetElapsedTime(_writtenAt);
            if (left <= TimeSpan.Zero)
            {
                output.Write("\n"u8);
                await FlushAsync(cancellationToken);
                left = silence;
            }

            _isSilent = Task.Delay(left, time, cancellationToken);
        }

        return await waited;
    }

    private Task<Task> WhenAnyAsync(Task waited)
        => commands is null || _isGone ? Task.WhenAny(waited, _isSilent) : Task.WhenAny(waited, commands.WhenAny(), _isSilent);

    private bool WriteCommands()
    {
        var isAny = false;
        while (_unflushed < FlushBytes && commands is not null && commands.TryTake(out var line))
        {
            output.Write(line.Span);
            _unflushed += line.Length;
            isAny = true;
        }

        return isAny;
    }

    private async ValueTask<PublishRejection?> ConfirmAsync(PublishOutcome outcome, CancellationToken cancellationToken)
    {
        var confirming = publisher.ConfirmStoredAsync(outcome, cancellationToken);
        if (!confirming.IsCompleted && _unflushed > 0)
        {
            // Receipts that are ready go out before the next commit is waited for.
            await FlushAsync(cancellationToken);
        }

        return await WaitAsync(confirming, cancellationToken);
    }

    private void Write(Utf8JsonWriter json, in PublishOutcome outcome, PublishRejection? rejection)
    {
        if (rejection is null)
        {
            PublishAnswer.Write(json, outcome);
        }
        else
        {
            PublishAnswer.Write(json, rejection);
        }

        json.Flush();
        _unflushed += json.BytesCommitted + 1;
        json.Reset(output);
        output.Write("\n"u8);
    }

    private async ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        _unflushed = 0;
        var result = await output.FlushAsync(cancellationToken);
        _writtenAt = time.GetTimestamp();
        return !result.IsCompleted && !result.IsCanceled;
    }
}
