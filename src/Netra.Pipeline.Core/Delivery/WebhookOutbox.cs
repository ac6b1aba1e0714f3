using Microsoft.Extensions.Options;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Delivery;

/// <summary>
/// Posts dead letters to the webhook, the oldest first, each until it is taken or its last try has failed. The log is the outbox: what
/// is waiting there is posted, over restarts, which begin its tries anew. A receiver that is away keeps all of them waiting, one that
/// refuses a dead letter only that one.
/// </summary>
/// <remarks>
/// Called by one background loop, one round at a time. Bounded: so many numbers are looked after at a time, and each dead letter is read
/// when its turn comes. It may be posted twice when the process ends, or the log fails, between the receiver's answer and its record; the
/// receiver knows it by <c>webhook-id</c>.
/// </remarks>
internal sealed class WebhookOutbox
{
    private const int Batch = 100;

    // How often the log is asked for new ones.
    private static readonly TimeSpan ListInterval = TimeSpan.FromSeconds(5);

    private readonly IEventLog _log;
    private readonly WebhookSender _sender;
    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;
    private readonly FailureDigest _failed;
    private readonly List<WebhookEntry> _entries = [];
    private long _lastListed;
    private long _listsAt;
    private long _receiverDueAt;
    private long _rounds;

    public WebhookOutbox(IEventLog log, WebhookSender sender, FailureReporter failures, IOptions<WebhookOptions> options, TimeProvider time)
    {
        (_log, _sender, _options, _time) = (log, sender, options.Value, time);
        _failed = new FailureDigest(time, (count, what, _) => failures.Report(DeliveryFailures.Webhook(what, count)));
    }

    /// <summary>How many rounds are done.</summary>
    public long Rounds => Volatile.Read(ref _rounds);

    /// <summary>Posts what is due.</summary>
    public async ValueTask RoundAsync(CancellationToken cancellationToken)
    {
        try
        {
            await PostDueAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Increment(ref _rounds);
        }
    }

    private async ValueTask PostDueAsync(CancellationToken cancellationToken)
    {
        _failed.TellIfDue();
        if (!_sender.IsEnabled || _log.Trouble is not null)
        {
            return;
        }

        await ListAsync(cancellationToken);
        while (NextDue() is { } entry)
        {
            await AttendAsync(entry, cancellationToken);
            if (_entries.Count == 0)
            {
                await ListAsync(cancellationToken);
            }
        }
    }

    private async ValueTask ListAsync(CancellationToken cancellationToken)
    {
        var now = _time.GetTimestamp();
        if (now < _listsAt || _entries.Count >= Batch)
        {
            return;
        }

        var limit = Batch - _entries.Count;
        var query = new DeadLetterQuery { Webhook = WebhookState.Waiting, After = _lastListed, Limit = limit };
        var letters = await _log.DeadLetters.ListAsync(query, cancellationToken);
        foreach (var letter in letters)
        {
            _entries.Add(new WebhookEntry(letter.Number));
            _lastListed = letter.Number;
        }

        // A full page has others behind it.
        _listsAt = letters.Count == limit ? 0 : After(now, ListInterval);
    }

    // In the order of their numbers, since that is how they are listed.
    private WebhookEntry? NextDue()
    {
        var now = _time.GetTimestamp();
        return _entries.Find(entry => entry.Outcome is not null || (entry.DueAt <= now && _receiverDueAt <= now));
    }

    private async ValueTask AttendAsync(WebhookEntry entry, CancellationToken cancellationToken)
    {
        var letter = entry.Outcome is null ? await _log.DeadLetters.FindAsync(entry.Number, cancellationToken) : null;
        if (letter is { Webhook: WebhookState.Waiting })
        {
            Conclude(entry, await _sender.PostAsync(letter, cancellationToken));
        }
        else if (entry.Outcome is null)
        {
            // Deleted meanwhile.
            _entries.Remove(entry);
        }

        if (entry.Outcome is { } outcome)
        {
            // Whatever the log does, it is not posted again.
            await _log.DeadLetters.SetWebhookAsync(entry.Number, outcome, cancellationToken);
            _entries.Remove(entry);
        }
    }

    private void Conclude(WebhookEntry entry, in WebhookAnswer answer)
    {
        entry.Tries++;
        if (answer.IsTaken)
        {
            entry.Outcome = WebhookState.Delivered;
            return;
        }

        var pause = RetryPause.After(_options.FirstRetry, _options.MaxRetryPause, entry.Tries - 1, Random.Shared.NextDouble());
        entry.DueAt = After(_time.GetTimestamp(), answer.RetryAfter > pause ? answer.RetryAfter.Value : pause);
        if (answer.IsReceiverAway)
        {
            _receiverDueAt = entry.DueAt;
        }

        if (entry.Tries >= _options.Tries)
        {
            entry.Outcome = WebhookState.Failed;
            _failed.Add($"dead letter {entry.Number}, posted {entry.Tries} times (Netra:Delivery:Webhook:Tries): {answer.Problem}");
        }
    }

    private long After(long timestamp, TimeSpan pause) => timestamp + (long)(pause.TotalSeconds * _time.TimestampFrequency);
}

/// <summary>A dead letter that the webhook has not come to an end with. The outbox owns it.</summary>
internal sealed class WebhookEntry(long number)
{
    public long Number { get; } = number;

    /// <summary>How often it was posted.</summary>
    public int Tries { get; set; }

    /// <summary>The timestamp before which it is not posted again; 0 for at once.</summary>
    public long DueAt { get; set; }

    /// <summary>How it ended, and the log does not know yet; null while it has not.</summary>
    public WebhookState? Outcome { get; set; }
}
