using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Netra.Pipeline.Client.Publishing;

/// <summary>
/// Publishes events of runs that go on outside of the server's process, over one long request after the other: each event has a key, is
/// sent until
/// it has a receipt, and makes exactly one event, however often connections break. Events of one publisher come in the order in which they
/// were
/// given; one that is refused for the time being goes out before those that were not sent yet. Whoever publishes more than may wait, waits.
/// Safe for any number of threads.
/// </summary>
public sealed class PipelinePublisher : IAsyncDisposable
{
    /// <summary>How much goes out in one piece.</summary>
    private const int PieceBytes = 64 * 1024;

    /// <summary>A request that lived this long ends a row of failed tries.</summary>
    private static readonly TimeSpan Stable = TimeSpan.FromSeconds(1);

    private readonly PublisherOptions _options;
    private readonly PublisherLog _log;
    private readonly PublisherMetrics _metrics;
    private readonly OutgoingLines _lines;
    private readonly RunRegistry _runs = new();
    private readonly CommandInbox _commands;
    private readonly CancellationTokenSource _stop = new();
    private readonly Signal _wake = new();
    private readonly string _keys = Guid.NewGuid().ToString("N");
    private readonly Task _publishing;
    private readonly Task _commanding;
    private volatile PublisherException? _failure;
    private long _lastKey;
    private int _holds;
    private long _heldUntil;
    private int _isDisposed;

    /// <summary>A publisher that connects when there is something to say.</summary>
    /// <param name="options">What it is told.</param>
    /// <param name="loggerFactory">Where it logs. Default: nowhere.</param>
    /// <exception cref="ArgumentException">An option is not in its range; the message names it.</exception>
    public PipelinePublisher(PublisherOptions options, ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _log = new PublisherLog((loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<PipelinePublisher>());
        _lines = new OutgoingLines(options.MaxWaitingEvents, options.MaxWaitingBytes);
        _metrics = new PublisherMetrics(options.MeterFactory, () => _lines.Count);
        _commands = new CommandInbox(options, _runs, _log, _metrics, AcknowledgeCommand);
        _heldUntil = options.Time.GetTimestamp();
        _publishing = PublishUntilFailedAsync(_stop.Token);
        _commanding = _commands.RunAsync(_stop.Token);
    }

    /// <summary>How many events wait for their receipts.</summary>
    public int Waiting => _lines.Count;

    /// <summary>Begins to publish a run: nothing is sent by it.</summary>
    /// <param name="userId">Whose it is.</param>
    /// <param name="threadId">The thread.</param>
    /// <param name="runId">The run.</param>
    /// <param name="attempt">Which try it is, from 1: a backend that has failed begins its run again with the next one.</param>
    /// <param name="tenantId">Of which tenant the user is; null for the publisher's own, or none.</param>
    /// <exception cref="InvalidOperationException">This publisher publishes a run of that name already.</exception>
    public RemoteRun Run(string userId, string threadId, string runId, int attempt = 1, string? tenantId = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        ArgumentException.ThrowIfNullOrEmpty(threadId);
        ArgumentException.ThrowIfNullOrEmpty(runId);
        ArgumentOutOfRangeException.ThrowIfLessThan(attempt, 1);
        var run = new RemoteRun(this, tenantId, userId, threadId, runId, attempt);
        _runs.Add(run);
        return run;
    }

    /// <summary>Publishes an event, and waits for its receipt.</summary>
    /// <param name="published">The event.</param>
    /// <param name="cancellationToken">Ends the waiting, not the event.</param>
    /// <exception cref="PublishRejectedException">The server has refused it for good.</exception>
    /// <exception cref="PublisherException">The publisher has ended.</exception>
    public async Task<PublishReceipt> PublishAsync(PublishEvent published, CancellationToken cancellationToken = default)
        => await (await EnqueueAsync(published, cancellationToken)).WaitAsync(cancellationToken);

    /// <summary>Publishes an event without waiting for its receipt: completes when it is taken, which may wait for room.</summary>
    /// <param name="published">The event.</param>
    /// <param name="cancellationToken">Ends the waiting for room.</param>
    /// <returns>Completes when the event is stored; fails with <see cref="PublishRejectedException"/>.</returns>
    /// <exception cref="PublisherException">The publisher has ended.</exception>
    public ValueTask<Task<PublishReceipt>> EnqueueAsync(PublishEvent published, CancellationToken cancellationToken = default)
        => EnqueueAsync(published, run: null, cancellationToken);

    /// <summary>Completes when nothing waits for a receipt.</summary>
    public Task FlushAsync(CancellationToken cancellationToken = default) => _lines.WhenEmptyAsync().WaitAsync(cancellationToken);

    /// <summary>
    /// Waits for the receipts of what was published (<see cref="PublisherOptions.CloseTimeout"/>), and ends the request. What has no
    /// receipt then
    /// fails with <see cref="PublisherException"/>.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        using (var patience = new CancellationTokenSource(_options.CloseTimeout, _options.Time))
        {
            await FlushAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _stop.CancelAsync();
        await _publishing;
        await _commanding;
        Fail(new PublisherException(PublisherFailure.Closed, "The publisher was disposed before the receipt came."));
        _metrics.Dispose();
        _stop.Dispose();
    }

    internal async ValueTask<Task<PublishReceipt>> EnqueueAsync(PublishEvent published, RemoteRun? run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(published);

        // A run whose beginning turns out to be stored while that is waited for has its end, too.
        ObjectDisposedException.ThrowIf(_isDisposed != 0 && run is not { IsLeft: true }, this);
        var isNumbered = published.Type is not ("heartbeat" or "waiting");
        var number = Interlocked.Increment(ref _lastKey).ToString(CultureInfo.InvariantCulture);
        var key = published.IdempotencyKey ?? (isNumbered ? $"{_keys}-{number}" : null);
        var bytes = EventLine.Of(published, key);
        if (bytes.Length > _options.MaxWaitingBytes)
        {
            throw new ArgumentException(
                $"The event has {bytes.Length} bytes; it may have {_options.MaxWaitingBytes} (MaxWaitingBytes).", nameof(published));
        }

        var line = new OutgoingLine(bytes, published, run, _options.Time.GetTimestamp());
        await _lines.AddAsync(line, cancellationToken);
        _wake.Set();
        return line.Receipt.Task;
    }

    internal void Forget(RemoteRun run) => _runs.Remove(run);

    private void AcknowledgeCommand(string commandId)
        => _lines.Interject(EventLine.Acknowledge(commandId), run: null, _options.Time.GetTimestamp());

    // Whether a request is to be open although there is nothing to send.
    private bool IsWanted => !_lines.IsEmpty || _options.CommandHandler is not null || _runs.Open.Any();

    // One request after the other, for as long as there is something to say or to hear.
    private async Task PublishUntilFailedAsync(CancellationToken stopping)
    {
        await Task.Yield();
        var tries = 0;
        try
        {
            while (true)
            {
                while (!IsWanted)
                {
                    await _wake.WaitAsync(stopping);
                }

                var began = _options.Time.GetTimestamp();
                var (end, wasUp) = await ConnectAsync(stopping);
                _metrics.SentAgain("connection", _lines.Rewind());
                stopping.ThrowIfCancellationRequested();
                var failure = end is RequestRefusedException refused ? refused.Failure
                    : end is UnauthorizedException ? PublisherFailure.Unauthorized : null;
                if (failure is { } reason)
                {
                    FailForGood(reason, end!);
                    return;
                }

                tries = wasUp && _options.Time.GetElapsedTime(began) >= Stable ? 0 : tries;
                var pause = Backoff.NoSoonerThan(
                    (end as RequestRefusedException)?.RetryAfter,
                    Backoff.After(_options.FirstPause, _options.LongestPause, tries++, Random.Shared.NextDouble()));
                if (IsWanted)
                {
                    _log.Reconnecting(end, end?.Message ?? "the server has ended its answer", pause, _lines.Count);
                }

                await Task.Delay(pause, _options.Time, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // It is disposed.
        }
        catch (Exception exception)
        {
            FailForGood(PublisherFailure.ApplicationFailed, exception);
        }
    }

    private void FailForGood(PublisherFailure reason, Exception end)
    {
        _log.Failed(end, reason, end.Message, _lines.Count);
        Fail(new PublisherException(reason, end.Message, end));
    }

    private async Task<(Exception? End, bool WasUp)> ConnectAsync(CancellationToken stopping)
    {
        LinesRequest request;
        using (var patience = new CancellationTokenSource(_options.ConnectTimeout, _options.Time))
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping))
        {
            try
            {
                var token = _options.GetToken is null ? null : await _options.GetToken(either.Token);
                request = await LinesRequest.OpenAsync(_options, token, either.Token);
            }
            catch (Exception exception) when (!stopping.IsCancellationRequested)
            {
                _metrics.Connected(isOpen: false);
                return exception is OperationCanceledException
                    ? (new IOException($"The server has not answered within {_options.ConnectTimeout} (ConnectTimeout).", exception), false)
                    : (exception, false);
            }
        }

        _metrics.Connected(isOpen: true);
        _log.Connected(_options.Address, _lines.Count);
        await using (request)
        {
            // What a request has published to, it keeps alive by being open: this one has to hear of every run that goes on.
            foreach (var run in _runs.Open)
            {
                _lines.Interject(EventLine.Of(run.Heartbeat(), key: null), run, _options.Time.GetTimestamp());
            }

            return (await CarryAsync(request, stopping), true);
        }
    }

    // Both ways, until one of them ends; the other one ends by that.
    private async Task<Exception?> CarryAsync(LinesRequest request, CancellationToken stopping)
    {
        using var over = new CancellationTokenSource();
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(over.Token, stopping);
        var reading = ReadAsync(request, over.Token);
        var writing = WriteAsync(request, sending.Token);
        if (await Task.WhenAny(reading, writing) == writing && stopping.IsCancellationRequested)
        {
            await EndAsync(request, reading);
        }

        await over.CancelAsync();
        return await reading ?? await writing;
    }

    private async Task EndAsync(LinesRequest request, Task reading)
    {
        using var patience = new CancellationTokenSource(_options.CloseTimeout, _options.Time);
        try
        {
            await request.EndAsync(patience.Token);
            await reading.WaitAsync(patience.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The server is not there to hear it.
        }
    }

    private async Task<Exception?> WriteAsync(LinesRequest request, CancellationToken cancellationToken)
    {
        var piece = new List<ReadOnlyMemory<byte>>();
        try
        {
            while (true)
            {
                var held = _options.Time.GetElapsedTime(_options.Time.GetTimestamp(), Interlocked.Read(ref _heldUntil));
                if (held > TimeSpan.Zero)
                {
                    await Task.Delay(held, _options.Time, cancellationToken);
                }
                else if (_lines.TakeUnsent(piece, PieceBytes) is > 0 and var bytes)
                {
                    await request.WriteAsync(piece, bytes, cancellationToken);
                }
                else
                {
                    await _lines.WhenUnsentAsync(cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            return exception;
        }
    }

    private async Task<Exception?> ReadAsync(LinesRequest request, CancellationToken cancellationToken)
    {
        try
        {
            while (await request.ReadLineAsync(cancellationToken) is { } line)
            {
                var answer = PublishAnswers.Read(line.Span);
                if (answer.Command is { } command)
                {
                    _commands.Add(command);
                }
                else
                {
                    Settle(_lines.Answered() ?? throw new IOException("The server has answered what was not sent."), answer);
                }
            }

            return null;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            return exception;
        }
    }

    private void Settle(OutgoingLine line, PublishAnswer answer)
    {
        if (answer.Receipt is { } receipt)
        {
            _holds = 0;
            if (line.Event is { } published)
            {
                line.Run?.Taken(published.Type);
                _metrics.Answered("taken", _options.Time.GetElapsedTime(line.TakenAt));
            }

            line.Receipt.TrySetResult(receipt);
            _lines.Settled(line);
            return;
        }

        var (code, message) = (answer.Code!, answer.Message!);
        if (code is ("run_ended" or "attempt_superseded") && line.Run is { } run)
        {
            run.Over(new PublishRejectedException(code, message, line.Event ?? run.Heartbeat()));
        }

        if (line.Event is null)
        {
            return;
        }

        if (PublishAnswers.IsForNow(code))
        {
            Postpone(line, code, message);
        }
        else
        {
            Reject(line, code, message);
        }
    }

    private void Postpone(OutgoingLine line, string code, string message)
    {
        // One pause for all that is refused together.
        var now = _options.Time.GetTimestamp();
        if (_options.Time.GetElapsedTime(now, Interlocked.Read(ref _heldUntil)) <= TimeSpan.Zero)
        {
            var pause = Backoff.After(_options.FirstPause, _options.LongestPause, _holds++, Random.Shared.NextDouble());
            Interlocked.Exchange(ref _heldUntil, now + (long)(pause.TotalSeconds * _options.Time.TimestampFrequency));
            _log.Postponed(code, message, pause);
        }

        _metrics.SentAgain(code, 1);
        _lines.SendAgain(line);
    }

    private void Reject(OutgoingLine line, string code, string message)
    {
        var published = line.Event!;
        var rejection = new PublishRejectedException(code, message, published);
        _log.Rejected(published.Type, published.RunId, published.ThreadId, code, message);
        _metrics.Answered(code, _options.Time.GetElapsedTime(line.TakenAt));
        line.Run?.Refused(published.Type);
        SetFailed(line, rejection);
        _lines.Settled(line);
        _options.Rejected?.Invoke(rejection);
    }

    private void Fail(PublisherException failure)
    {
        _failure ??= failure;
        foreach (var line in _lines.Fail(_failure))
        {
            SetFailed(line, _failure);
        }

        // Nothing can be asked any more by now.
        foreach (var run in _runs.All)
        {
            run.FailQuestions(_failure);
        }
    }

    // It is logged and counted, whether or not somebody waits for the receipt.
    private static void SetFailed(OutgoingLine line, Exception exception)
    {
        line.Receipt.TrySetException(exception);
        _ = line.Receipt.Task.Exception;
    }
}
