using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Delivery;

/// <summary>
/// Sees to it that critical events are confirmed: sends them again, closes connections that do not confirm them, and gives up at last,
/// which makes dead letters and is told to everybody concerned. Settles dead letters that a device has confirmed after all.
/// </summary>
/// <remarks>
/// <see cref="OnTick"/> is called by a loop of its own. It waits for nothing: what a stream has to do with the log goes on
/// beside it, one piece of work a stream, observed here. While the log is in trouble there are no new dead letters; it is tried
/// again, and nothing is lost meanwhile.
/// </remarks>
internal sealed partial class CriticalDelivery : IDisposable
{
    private readonly StreamRegistry _streams;
    private readonly ConnectionRegistry _connections;
    private readonly IEventLog _log;
    private readonly EmergencyNotifications _emergencies;
    private readonly FailureReporter _failures;
    private readonly ILogger _logger;
    private readonly DeliveryOptions _options;
    private readonly ServedTime _time;
    private readonly FailureDigest _troubles;
    private readonly Dictionary<UserStream, StreamDelivery> _open = [];
    private readonly CancellationTokenSource _stopping = new();
    private long _rounds;

    public CriticalDelivery(
        StreamRegistry streams,
        ConnectionRegistry connections,
        IEventLog log,
        EmergencyNotifications emergencies,
        FailureReporter failures,
        IOptions<DeliveryOptions> options,
        ILogger<CriticalDelivery> logger,
        ServedTime time)
    {
        (_streams, _connections, _log, _emergencies, _failures, _logger) = (streams, connections, log, emergencies, failures, logger);
        (_options, _time) = (options.Value, time);
        _troubles = new FailureDigest(time, (count, what, exception) => failures.Report(
            DeliveryFailures.Trouble("critical delivery", $"{what}; it is tried again", count, exception)));
    }

    /// <summary>How many rounds are done.</summary>
    public long Rounds => Volatile.Read(ref _rounds);

    /// <summary>How many streams it is busy with; for tests.</summary>
    public int OpenStreams => _open.Count;

    /// <summary>Looks after all streams.</summary>
    public void OnTick()
    {
        var round = _rounds + 1;
        foreach (var stream in _streams.Loaded)
        {
            try
            {
                if (Find(stream) is { } delivery)
                {
                    delivery.Round = round;
                    Attend(delivery);
                }
            }
            catch (Exception exception)
            {
                // One stream's fault must not keep the others from being looked after.
                _troubles.Add($"looking after the stream of {UserKey.Show(stream.UserId)} failed", exception);
            }
        }

        foreach (var (stream, delivery) in _open)
        {
            if (delivery.IsOver || (delivery.Round != round && delivery.Work.IsCompleted))
            {
                _open.Remove(stream);
                stream.Pins.Remove();
            }
        }

        _troubles.TellIfDue();
        Volatile.Write(ref _rounds, round);
    }

    /// <summary>Stops; its loop has stopped before.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_open.Values.Select(static delivery => delivery.Work));
        await _emergencies.StopAsync();
    }

    public void Dispose() => _stopping.Dispose();

    private StreamDelivery? Find(UserStream stream)
    {
        if (_open.TryGetValue(stream, out var delivery))
        {
            return delivery;
        }

        // The verification's events concern no user.
        var isWanted = (stream.Criticals.Oldest != 0 || stream.Criticals.HasRevived)
            && !stream.IsSystem
            && (stream.Criticals.HasRevived || stream.Criticals.StateOf(0).OldestOwed != 0)
            && stream.Pins.TryAdd();
        if (!isWanted)
        {
            return null;
        }

        delivery = new StreamDelivery(stream, new CriticalRetry(_options, ConnectionTick.Period, _time, Random.Shared.NextDouble));
        _open.Add(stream, delivery);
        return delivery;
    }

    private void Attend(StreamDelivery delivery)
    {
        if (!delivery.Work.IsCompleted)
        {
            return;
        }

        var (stream, retry) = (delivery.Stream, delivery.Retry);
        var isLogWell = _log.Trouble is null;
        if (stream.Criticals.HasRevived && isLogWell && _time.GetTimestamp() >= delivery.SettlesAt)
        {
            delivery.Work = Task.Run(() => SettleAsync(delivery));
            return;
        }

        switch (retry.OnTick(stream.Criticals.StateOf(retry.Seq)))
        {
            case CriticalAction.Redeliver:
                Log.SentAgain(_logger, retry.Seq, UserKey.Show(stream.UserId));
                stream.Criticals.Redeliver(retry.Seq);
                break;
            case CriticalAction.Close:
                Close(stream, retry.Range);
                break;
            case CriticalAction.GiveUp when isLogWell:
                delivery.Work = Task.Run(() => GiveUpAsync(delivery));
                break;
            case CriticalAction.GiveUp:
            case CriticalAction.None:
            default:
                break;
        }
    }

    private void Close(UserStream stream, SeqRange range)
    {
        foreach (var id in stream.Criticals.ConnectionsOwing(range))
        {
            if (_connections.TryGet(id, out var connection))
            {
                connection.End(ConnectionEndReason.Unconfirmed);
            }
        }
    }

    private async Task GiveUpAsync(StreamDelivery delivery)
    {
        var (stream, retry) = (delivery.Stream, delivery.Retry);
        try
        {
            var letters = await stream.Criticals.MakeDeadLettersAsync(retry.Range, retry.Attempts, _stopping.Token);
            if (letters.Count > 0)
            {
                _streams.Counters.OnDeadLettered(letters.Count);
                var failure = DeliveryFailures.GivenUp(letters, retry.Attempts);
                _failures.Report(failure);
                _emergencies.Tell(failure);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The host stops; the events stay unconfirmed, and are sent again.
        }
        catch (Exception exception)
        {
            retry.Postpone();
            _troubles.Add($"making dead letters of unconfirmed events of {UserKey.Show(stream.UserId)} failed", exception);
        }
    }

    private async Task SettleAsync(StreamDelivery delivery)
    {
        try
        {
            await delivery.Stream.Criticals.SettleRevivedAsync(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The host stops; they are settled when the stream's lease is given back.
        }
        catch (Exception exception)
        {
            delivery.SettlesAt = _time.GetTimestamp() + (long)(_options.FirstRetry.TotalSeconds * _time.TimestampFrequency);
            _troubles.Add($"settling dead letters that {UserKey.Show(delivery.Stream.UserId)} has confirmed failed", exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.CriticalSentAgain,
            LogLevel.Information,
            "Critical event {Seq} of {UserId} is unconfirmed; it is sent again",
            EventName = nameof(EventIds.CriticalSentAgain))]
        public static partial void SentAgain(ILogger logger, long seq, string userId);
    }
}

/// <summary>
/// One stream with critical events that a device owes, or with dead letters to be settled; it keeps the stream loaded, or the count of
/// tries would be forgotten while a closed page comes back. The retries' loop owns it; while <see cref="Work"/> runs, that owns
/// <see cref="Retry"/>, one piece of work at a time.
/// </summary>
internal sealed class StreamDelivery(UserStream stream, CriticalRetry retry)
{
    public UserStream Stream { get; } = stream;

    public CriticalRetry Retry { get; } = retry;

    /// <summary>The round that looked after it last.</summary>
    public long Round { get; set; }

    /// <summary>What goes on with the log. Never faults.</summary>
    public Task Work { get; set; } = Task.CompletedTask;

    /// <summary>Before this timestamp the log is not asked to settle anything; 0 for at once.</summary>
    public long SettlesAt { get; set; }

    public bool IsOver => Work.IsCompleted && Retry.Seq == 0 && !Stream.Criticals.HasRevived;
}
