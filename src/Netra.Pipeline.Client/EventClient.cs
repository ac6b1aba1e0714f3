using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>
/// One user's events, over any number of connections: each event is handled once, in order, and acknowledged when the application has
/// handled
/// it; what was missed comes after a connection is back; what is lost is told. Reading lasts until the application ends it, or until
/// connecting
/// again would only repeat what went wrong: then it throws an <see cref="EventClientException"/>. There is no third way.
/// <para>
/// Reading is for one at a time; sending is safe for any number of threads, and waits for a connection where there is none.
/// </para>
/// </summary>
public sealed class EventClient : IAsyncDisposable
{
    /// <summary>A connection that lived this long ends a row of failed tries. A shorter one may fail in the same way again.</summary>
    private static readonly TimeSpan Stable = TimeSpan.FromSeconds(1);

    private readonly EventClientOptions _options;
    private readonly ClientLog _log;
    private readonly ClientMetrics _metrics;
    private readonly ServerAddress _address;
    private readonly PendingRequests _requests;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Signal _retryNow = new();
    private readonly Progress _progress = new();
    private volatile ClientState _state = new(ClientStatus.Disconnected, "nobody has read yet");
    private int _isReading;
    private int _isDisposed;
    private int _isReleased;

    /// <summary>A client that connects when it is read.</summary>
    /// <param name="options">What it is told.</param>
    /// <param name="loggerFactory">Where it logs. Default: nowhere.</param>
    /// <exception cref="ArgumentException">An option is not in its range; the message names it.</exception>
    public EventClient(EventClientOptions options, ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _log = new ClientLog((loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<EventClient>());
        _metrics = new ClientMetrics(options.MeterFactory);
        _address = new ServerAddress(options);
        _requests = new PendingRequests(options, _metrics);
    }

    /// <summary>How it is, and why.</summary>
    public ClientState State => _state;

    /// <summary>How far the application has come; null before the first welcome of a client without a past.</summary>
    public ResumePoint? Position => _progress.Point;

    /// <summary>
    /// Reads events for as long as the application asks for the next one. An event is handled, and acknowledged, when the next one is asked
    /// for: whoever leaves in the middle of one (an exception, <c>break</c>) gets it again from the next reading. Ending it says goodbye to
    /// the
    /// server.
    /// </summary>
    /// <param name="cancellationToken">Ends reading, without an exception, when the event in hand is handled.</param>
    /// <exception cref="EventClientException">Reading has ended for good; its message says why.</exception>
    /// <exception cref="InvalidOperationException">It is being read already.</exception>
    public async IAsyncEnumerable<AgentEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        if (Interlocked.Exchange(ref _isReading, 1) != 0)
        {
            throw new InvalidOperationException("The client is being read already; its events are for one reader.");
        }

        using var wanted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposed.Token);
        using var stop = new CancellationTokenSource();
        var inbox = new Inbox(_options.InboxEvents, _options.InboxBytes);
        var current = new CurrentConnection();
        var connecting = ConnectAsync(inbox, current, stop.Token);
        var reader = new EventReader(_options, _progress, inbox, _log, _metrics, current, SetState);
        try
        {
            while (await reader.NextAsync(wanted.Token) is { } next)
            {
                yield return next;
                reader.Handled();
            }

            // The event in hand is handled: the server hears of it before the goodbye.
            await stop.CancelAsync();
            if (await connecting is { } late)
            {
                throw late;
            }
        }
        finally
        {
            _progress.Abandon();
            await stop.CancelAsync();
            await connecting;
            try
            {
                await KeepAsync();
            }
            finally
            {
                Interlocked.Exchange(ref _isReading, 0);
                ReleaseIfUnused();
            }
        }
    }

    /// <summary>Reads events, and hands each to a callback, one after the other; the next one comes when that has completed.</summary>
    /// <param name="handle">Handles an event. What it throws ends reading with it; the event is not acknowledged, and comes again.</param>
    /// <param name="cancellationToken">Ends reading, without an exception, when the event in hand is handled.</param>
    /// <exception cref="EventClientException">Reading has ended for good; its message says why.</exception>
    /// <exception cref="InvalidOperationException">It is being read already.</exception>
    public async Task RunAsync(Func<AgentEvent, CancellationToken, ValueTask> handle, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handle);
        await foreach (var next in ReadAsync(cancellationToken))
        {
            await handle(next, cancellationToken);
        }
    }

    /// <summary>Does not sit out the pause before the next connection: circumstances have changed for the better.</summary>
    public void RetryNow() => _retryNow.Set();

    /// <summary>Sends what the user has written; it comes back as a <see cref="UserMessage"/> on every device.</summary>
    /// <param name="threadId">The thread.</param>
    /// <param name="content">The words.</param>
    /// <param name="data">Anything the application adds.</param>
    /// <param name="id">The message's id, 1 to 128 characters: sent again under it, it makes no second one. Default: a new one.</param>
    /// <param name="cancellationToken">Ends the waiting, not the message.</param>
    /// <returns>The answer: it is kept, and will reach the backend.</returns>
    /// <exception cref="RequestException">It was refused, or nobody knows what became of it.</exception>
    /// <exception cref="SendBufferFullException">
    /// As many as may are waiting (<see cref="EventClientOptions.MaxPendingRequests"/>).
    /// </exception>
    public Task<AcceptedMessage> SendMessageAsync(
        string threadId, string content, JsonElement? data = null, string? id = null, CancellationToken cancellationToken = default)
    {
        id ??= NewId();
        return SendAsync(id, ClientMessageWriter.Chat(new ChatMessage(id, threadId, content, data)), cancellationToken);
    }

    /// <summary>Asks for a run's cancellation; what becomes of it is told by the run's events.</summary>
    /// <inheritdoc cref="SendMessageAsync"/>
    public Task<AcceptedMessage> CancelRunAsync(
        string threadId, string runId, string? id = null, CancellationToken cancellationToken = default)
    {
        id ??= NewId();
        return SendAsync(id, ClientMessageWriter.CancelRun(new CancelRunMessage(id, threadId, runId)), cancellationToken);
    }

    /// <summary>Answers what a run asks (<see cref="RunWaiting"/>).</summary>
    /// <param name="request">What it asks.</param>
    /// <param name="value">The answer: true or false, one of the options, a text, or any JSON, as its kind says.</param>
    /// <param name="id">The message's id. Default: a new one.</param>
    /// <param name="cancellationToken">Ends the waiting, not the message.</param>
    /// <inheritdoc cref="SendMessageAsync"/>
    public Task<AcceptedMessage> AnswerAsync(
        RunWaiting request, JsonElement value, string? id = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        id ??= NewId();
        var message = new AnswerMessage(id, request.ThreadId, request.RunId, request.RequestId, value);
        return SendAsync(id, ClientMessageWriter.Answer(message), cancellationToken);
    }

    /// <summary>Ends reading, if somebody reads, as its token does.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            await _disposed.CancelAsync();
            ReleaseIfUnused();
        }
    }

    private static string NewId() => Guid.NewGuid().ToString("N");

    private Task<AcceptedMessage> SendAsync(string id, byte[] message, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        return _requests.SendAsync(id, message, cancellationToken);
    }

    private void ReleaseIfUnused()
    {
        if (_isDisposed != 0 && _isReading == 0 && Interlocked.Exchange(ref _isReleased, 1) == 0)
        {
            _address.Dispose();
            _metrics.Dispose();
            _disposed.Dispose();
        }
    }

    // One connection after the other, until the application wants no more, or another one would only repeat what went wrong.
    private async Task<EventClientException?> ConnectAsync(Inbox inbox, CurrentConnection current, CancellationToken stopping)
    {
        EventClientException? failure = null;
        try
        {
            failure = await ConnectUntilFailedAsync(inbox, current, stopping);
        }
        catch (Exception exception)
        {
            failure = new EventClientException(EventClientFailure.ApplicationFailed, $"A callback failed: {exception.Message}", exception);
        }
        finally
        {
            inbox.Complete(failure);
        }

        return failure;
    }

    private async Task<EventClientException?> ConnectUntilFailedAsync(Inbox inbox, CurrentConnection current, CancellationToken stopping)
    {
        await Task.Yield();
        if (await RestoreAsync(stopping) is { } unreadable)
        {
            return Fail(unreadable);
        }

        SetState(new ClientState(ClientStatus.Connecting));
        var parts = new ClientParts(_options, _log, _metrics, inbox, _progress, _requests, _address, current, SetState);
        var (tries, unauthorized) = (0, 0);
        while (true)
        {
            using var connection = new ClientConnection(parts);
            var began = _options.Time.GetTimestamp();
            var end = await connection.RunAsync(stopping);
            inbox.Clear();
            if (stopping.IsCancellationRequested && end.Failure != EventClientFailure.ApplicationFailed)
            {
                SetState(new ClientState(ClientStatus.Disconnected, "the application wants it so"));
                return null;
            }

            // A token that was good when it was handed out may not be any more when it arrives: the source is asked once again.
            unauthorized = end.Failure == EventClientFailure.Unauthorized ? unauthorized + 1 : 0;
            var isLate = unauthorized == 1 && _options.GetToken is not null && end.Code != CloseCodes.NoToken;
            if (end.Failure is { } reason && !isLate)
            {
                return Fail(new EventClientException(reason, end.Reason, end.Cause));
            }

            tries = connection.WasUp && _options.Time.GetElapsedTime(began) >= Stable ? 0 : tries;
            var first = end.Code == CloseCodes.TryAgainLater ? Math.Max(tries, 1) : tries;
            var pause = end.Instead ?? Backoff.NoSoonerThan(
                end.AtLeast, Backoff.After(_options.FirstPause, _options.LongestPause, first, Random.Shared.NextDouble()));
            tries++;
            _log.Reconnecting(end.Cause, end.Reason, pause, tries);
            var status = _progress.Point is null ? ClientStatus.Connecting : ClientStatus.Recovering;
            SetState(new ClientState(status, end.Reason, pause));
            try
            {
                if (pause > TimeSpan.Zero)
                {
                    await _retryNow.WaitAsync(pause, _options.Time, stopping);
                }
            }
            catch (OperationCanceledException)
            {
                SetState(new ClientState(ClientStatus.Disconnected, "the application wants it so"));
                return null;
            }

            SetState(new ClientState(status, end.Reason));
        }
    }

    private async Task<EventClientException?> RestoreAsync(CancellationToken stopping)
    {
        if (_options.Store is null || _progress.Point is not null)
        {
            return null;
        }

        try
        {
            if (await _options.Store.LoadAsync(stopping) is { } point)
            {
                _progress.Restore(point);
            }

            return null;
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            return new EventClientException(
                EventClientFailure.ApplicationFailed, $"The resume point could not be loaded: {exception.Message}", exception);
        }
    }

    // What was handled while there was no connection has been acknowledged nowhere, and is kept here.
    private async Task KeepAsync()
    {
        if (_options.Store is null || _progress.Point is not { } point)
        {
            return;
        }

        try
        {
            await _options.Store.SaveAsync(point, CancellationToken.None);
        }
        catch (Exception exception)
        {
            throw new EventClientException(
                EventClientFailure.ApplicationFailed, $"The resume point could not be saved: {exception.Message}", exception);
        }
    }

    private EventClientException Fail(EventClientException failure)
    {
        _log.Failed(failure.InnerException, failure.Reason, failure.Message);
        SetState(new ClientState(ClientStatus.Failed, failure.Message));
        return failure;
    }

    private void SetState(ClientState state)
    {
        if (_state != state)
        {
            _state = state;
            _options.StateChanged?.Invoke(state);
        }
    }
}
