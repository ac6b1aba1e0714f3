using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Events;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Connections;

/// <summary>
/// One connection of one user over any transport: its identity, its place in the stream, its queue, its liveness and its end. A derived
/// class writes the frames and receives what the client sends.
/// </summary>
/// <remarks>
/// Writing, receiving and the tick run in parallel. <see cref="End"/> may be called from any thread; the first reason wins. It takes the
/// stream's lock, so it must not be called under that lock.
/// </remarks>
internal abstract partial class Connection
{
    private readonly ConnectionServices _services;
    private readonly HealthProbes _probes;
    private readonly long _openedAt;
    private int _end;
    private int _isReauthenticating;
    private ConnectionCredential? _credential;
    private long _endedAt;

    /// <param name="services">What all connections share.</param>
    /// <param name="userKey">
    /// The user's id, as the authenticator gave it; never taken from the stream, since the last check before the socket compares the two.
    /// </param>
    /// <param name="stream">The stream that it will be attached to.</param>
    /// <param name="isOneWay">Whether its transport brings no bytes from the peer.</param>
    /// <param name="joins">Whether its client takes joined frames.</param>
    protected Connection(ConnectionServices services, string userKey, UserStream stream, bool isOneWay, bool joins)
    {
        (_services, UserKey, Stream) = (services, userKey, stream);
        _openedAt = services.Time.GetTimestamp();
        Id = ConnectionIds.Next();
        OwnerTag = Events.OwnerTag.Of(userKey);
        Liveness = new ConnectionLiveness(services.Options, ConnectionTick.Period, services.Time, isOneWay);
        _probes = new HealthProbes(services.Time);
        Queue = new SendQueue(services.Options.QueueLimits, Wake, services.Budget);
        Subscription = new StreamSubscription(Id, Queue);
        Frames = new FrameSource(this, services.Options, joins ? new FrameJoiner(services.MakeWindow(Wake)) : null);
    }

    public string Id { get; }

    /// <summary>The authenticated identity.</summary>
    public string UserKey { get; }

    /// <summary>The user's id.</summary>
    public string UserId => Tenants.UserKey.UserOf(UserKey);

    /// <summary>The user's tenant; empty for none.</summary>
    public string TenantId => Tenants.UserKey.TenantOf(UserKey);

    /// <summary>The tag of the authenticated identity, which every event's tag must equal.</summary>
    public ulong OwnerTag { get; }

    /// <summary>Under what it lives; null where that has neither an end nor a name.</summary>
    public ConnectionCredential? Credential => Volatile.Read(ref _credential);

    /// <summary>When it was made, by the wall clock.</summary>
    public DateTimeOffset OpenedAt => _services.Time.GetUtcNow() - _services.Time.GetElapsedTime(_openedAt);

    /// <summary>Who admitted it, and is asked about new credentials.</summary>
    public IConnectionAuthenticator? Authenticator { get; private set; }

    /// <summary>The peer's address, if it is known.</summary>
    public System.Net.EndPoint? Remote { get; private set; }

    /// <summary>What authenticates requests that belong to it; null where they bring a credential themselves. A secret.</summary>
    public virtual string? PostKey => null;

    public UserStream Stream { get; }

    public StreamSubscription Subscription { get; }

    public SendQueue Queue { get; }

    public bool IsEnded => Volatile.Read(ref _end) != 0;

    /// <summary>Why it ended; valid once <see cref="IsEnded"/>.</summary>
    public ConnectionEndReason EndReason => (ConnectionEndReason)(Volatile.Read(ref _end) - 1);

    /// <summary>Whether no byte has come since the process was last suspended.</summary>
    public bool IsUnheardSinceGap => Liveness.IsUnheardSinceGap;

    /// <summary>Whether the page was asked and has not answered yet.</summary>
    public bool IsPageAsked => Liveness.IsPageAsked;

    /// <summary>How long no byte has come.</summary>
    public TimeSpan Silence => _services.Time.GetElapsedTime(Liveness.InboundAt);

    /// <summary>Whether a flush waits for the peer to read.</summary>
    public abstract bool IsFlushPending { get; }

    /// <summary>The transport's name in logs and metrics (<c>netra.transport</c>).</summary>
    public abstract string Transport { get; }

    /// <summary>How many client messages the handler is working on.</summary>
    public HandlingSlots Handling { get; } = new();

    public ConnectionState State => this switch
    {
        { IsEnded: true } => ConnectionState.Ended,
        { Liveness.IsFrozen: true } => ConnectionState.Frozen,
        { Liveness.IsStuck: true } => ConnectionState.Stuck,
        { Subscription.Mode: not SubscriptionMode.Live } => ConnectionState.CatchingUp,
        _ => ConnectionState.Healthy,
    };

    /// <summary>Whether reading is paused, because the peer does not read its answers.</summary>
    protected virtual bool IsHeld => false;

    /// <summary>Why it ends when a write makes no progress.</summary>
    protected virtual ConnectionEndReason StallReason => ConnectionEndReason.Stalled;

    /// <summary>Tells the kinds of silence apart.</summary>
    protected ConnectionLiveness Liveness { get; }

    /// <summary>The frames to write, in order.</summary>
    protected FrameSource Frames { get; }

    /// <summary>Serves the connection to its end, the goodbye included. Never throws.</summary>
    public abstract Task RunAsync();

    /// <summary>Ends the connection; the first reason wins. The peer is told, if its transport can still carry it.</summary>
    public void End(ConnectionEndReason reason, Exception? cause = null)
    {
        // Set before the reason: a tick that found an ended connection without this time would cut it before its close frame is written.
        Interlocked.CompareExchange(ref _endedAt, _services.Time.GetTimestamp(), 0);
        if (Interlocked.CompareExchange(ref _end, (int)reason + 1, 0) != 0)
        {
            return;
        }

        if (reason == ConnectionEndReason.Unconfirmed && Liveness.UnconfirmedSince is > 0 and var since)
        {
            // Otherwise closing would hide a stuck page: the next connection continues its clock.
            var acknowledgements = Stream.Acknowledgements;
            acknowledgements.UnconfirmedSince = acknowledgements.UnconfirmedSince is > 0 and var before ? Math.Min(before, since) : since;
        }

        OnEnded();
        Detach();
        Queue.Close();
        _probes.OnEnded();
        var info = ConnectionEndReasons.Describe(reason);
        if (info.IsError)
        {
            Stream.Observer.OnDropped();
        }

        _services.Observation.OnEnded(this, reason);
        _services.Metrics.ConnectionEnded(info, Transport, _services.Time.GetElapsedTime(_openedAt));
        TellEnd(info, cause);
        if (info.CloseStatus is null)
        {
            Abort();
        }

        Wake();
    }

    /// <summary>Takes over what the handshake has found. Called once, before it is attached.</summary>
    public void Admit(Admission admission)
    {
        (Authenticator, Remote) = (admission.Authenticator, admission.Remote);
        Authenticate(admission.Identity!, admission.AskedAt);
    }

    /// <summary>From now on it lives under this credential, which names the same user.</summary>
    /// <param name="identity">Whom it names, and until when.</param>
    /// <param name="askedAt">When the authenticator was asked about it.</param>
    public void Authenticate(ConnectionIdentity identity, DateTimeOffset askedAt)
        => Volatile.Write(
            ref _credential,
            identity is { ExpiresAt: null, IssuedAt: null, CredentialId: null }
                ? null
                : new ConnectionCredential(identity, askedAt, _services.Options.ExpiryNotice, _services.Time));

    /// <summary>Whether a new credential may be checked: one at a time.</summary>
    public bool TryBeginReauthentication() => Interlocked.Exchange(ref _isReauthenticating, 1) == 0;

    /// <summary>The check of a new credential is over.</summary>
    public void EndReauthentication() => Volatile.Write(ref _isReauthenticating, 0);

    /// <summary>A message makes work besides being read. Called by whoever handles it.</summary>
    public virtual void ChargeWork()
    {
    }

    /// <summary>Cuts the transport. Safe to call from any thread, and more than once.</summary>
    public abstract void Abort();

    /// <summary>Answers a client message; more answers than may wait end the connection, since only the client causes them.</summary>
    public void Answer(byte[] message)
    {
        if (!IsEnded && !Queue.TryEnqueueControl(message))
        {
            End(ConnectionEndReason.ControlOverflow);
        }
    }

    /// <summary>Answers a client message once there is room for the answer.</summary>
    public ValueTask AnswerAsync(byte[] message) => Queue.EnqueueControlAsync(message);

    /// <summary>Tells the page something beside the events, if its lane has room: this never ends the connection.</summary>
    public void TryTell(byte[] message)
    {
        if (!IsEnded)
        {
            Queue.TryEnqueueNotice(message);
        }
    }

    /// <summary>Tells the page of a failure. This never ends the connection: the client did not cause it.</summary>
    /// <param name="message">The failure.</param>
    /// <param name="failures">How many failures it stands for.</param>
    public void Tell(ErrorMessage message, long failures = 1)
    {
        if (!IsEnded)
        {
            Queue.EnqueueError(message, failures);
        }
    }

    /// <summary>The page has answered: it is alive.</summary>
    public void OnAnswered()
    {
        Liveness.OnPong();
        _probes.OnPong();
    }

    public void OnPong(PongMessage pong)
    {
        OnAnswered();
        if (pong.Seq is { } seq)
        {
            Acknowledge(seq);
        }
    }

    public void Acknowledge(long seq)
    {
        switch (Stream.Acknowledge(Subscription, seq))
        {
            case AcknowledgeOutcome.AboveWritten:
                throw new ProtocolViolationException(
                    $"{seq} is acknowledged, but the last number told to this connection is {Subscription.LastTold}.");
            case AcknowledgeOutcome.Progress:
                _services.Spans.Settle(Stream, Subscription.CoverageFrom, seq);
                break;
        }
    }

    /// <summary>Called by the shared tick.</summary>
    public void OnTick()
    {
        if (IsEnded)
        {
            // The peer was told and does not answer.
            if (_services.Time.GetElapsedTime(Volatile.Read(ref _endedAt)) >= _services.Options.CloseTimeout)
            {
                Abort();
            }

            return;
        }

        if (Credential is { } credential)
        {
            Apply(credential.OnTick(), credential);
        }

        if (IsHeld)
        {
            // The client is alive, but reading is paused; the stalled write has a timeout of its own.
            Liveness.OnInbound();
        }

        Apply(Liveness.OnTick(Subscription.LastWritten, Subscription.Acknowledged, Stream.Acknowledgements.UnconfirmedSince));
        Subscription.IsQuiet = Silence > _services.Options.PingInterval;
        var present = !Liveness.IsFrozen;
        if (present != Subscription.IsPresent)
        {
            Subscription.IsPresent = present;

            // No emitter waits for a frozen page's queue, not even one that began to wait while the page still answered.
            Stream.Subscribers.OnDrained();
        }
    }

    /// <summary>Pings browser and page, and ends the connection when neither answers.</summary>
    public async Task<ConnectionHealthReport> CheckHealthAsync(CancellationToken cancellationToken)
    {
        long gaps;
        do
        {
            (gaps, var heard, var answer) = (_services.Time.Gaps, Liveness.Inbound, _probes.Add());
            Queue.RequestPing();
            SendPing();
            try
            {
                var roundTrip = await answer.WaitAsync(_services.Options.PingTimeout, _services.Time, cancellationToken);
                return Report(State, roundTrip);
            }
            catch (TimeoutException)
            {
                _probes.GiveUp(answer);
            }

            if (Liveness.Inbound != heard)
            {
                return Report(IsEnded ? ConnectionState.Ended : ConnectionState.Frozen, null);
            }
        }
        while (!IsEnded && gaps != _services.Time.Gaps); // The process was suspended meanwhile: ask again.

        End(ConnectionEndReason.PingTimeout);
        return Report(State, null);
    }

    /// <summary>The last check before the socket found another user's event.</summary>
    public void OnIsolationViolation(in SendFrame frame)
    {
        _services.Metrics.IsolationViolated();
        _services.Audit.IsolationViolated(Id, UserId, frame.Seq);
        _services.Failures.Report(ConnectionFailures.Isolation(this, frame.Seq));
        End(ConnectionEndReason.IsolationViolation);
    }

    /// <summary>Events that the connection missed cannot be read: it must not continue as if nothing were missing.</summary>
    public void OnReadFailed(Exception exception)
    {
        _services.Failures.Report(ConnectionFailures.ReadFailed(this, exception));
        End(ConnectionEndReason.InternalError, exception);
    }

    /// <summary>Events were handed to the transport.</summary>
    /// <param name="events">How many.</param>
    /// <param name="live">How many of them were accepted while the connection was live.</param>
    /// <param name="oldest">When the oldest of those was accepted, as a timestamp.</param>
    public void OnDelivered(int events, int live, long oldest)
    {
        Stream.Observer.OnWritten(events, Subscription.LastWritten);
        if (live > 0)
        {
            Stream.Observer.OnDelivered(live, _services.Time.GetElapsedTime(oldest));
        }
    }

    /// <summary>The events that the connection missed have been read.</summary>
    /// <param name="begun">When reading began, as a timestamp.</param>
    /// <param name="isComplete">Whether all of it was there.</param>
    public void OnReplayed(long begun, bool isComplete) => _services.Metrics.Replayed(_services.Time.GetElapsedTime(begun), isComplete);

    /// <summary>Lets a moment pass.</summary>
    public Task PauseAsync(TimeSpan pause) => Task.Delay(pause, _services.Time);

    /// <summary>Nothing reads or writes any more: what waits for it is let go of.</summary>
    public void Discard()
    {
        Queue.Discard();
        Frames.Discard();
    }

    /// <summary>Now, as a timestamp.</summary>
    public long Timestamp() => _services.Time.GetTimestamp();

    /// <summary>Makes sure that waiting frames get written. Called from any thread, under any lock.</summary>
    protected abstract void Wake();

    /// <summary>The connection has ended: nothing more from the peer is handled.</summary>
    protected virtual void OnEnded()
    {
    }

    /// <summary>Reading waits for a moment, since the peer, or all of them, send too much.</summary>
    protected void OnReadDelayed(Limit limit)
    {
        _services.Limits.Delayed(limit);
        var logger = _services.Logger;
        if (logger.IsEnabled(LogLevel.Information))
        {
            _services.Lines.Write(
                EventIds.ReadDelayed, limit.ToString(), UserId, more => Log.Delayed(logger, Id, UserId, WhyDelayed(limit), more));
        }
    }

    protected void Detach() => Stream.Detach(Subscription);

    private string WhyDelayed(Limit limit)
    {
        var limits = _services.PeerLimits;
        return limit == Limit.InboundTotal
            ? $"all connections send more than {limits.TotalInbound} frames a second (Netra:Limits:TotalInboundMessagesPerSecond)"
            : $"it sends more than {limits.InboundMessagesPerSecond} frames or {limits.InboundBytesPerSecond} bytes a second "
                + "(Netra:Limits:InboundMessagesPerSecond, InboundBytesPerSecond)";
    }

    // Where the peer is the cause, the exception's message says what it did; the stack trace would add nothing.
    private void TellEnd(ConnectionEndReasonInfo info, Exception? cause)
    {
        var logger = _services.Logger;
        if (info.LogLevel >= LogLevel.Error)
        {
            Log.Ended(logger, info.LogLevel, Id, UserId, info.WireName, string.Empty, cause);
        }
        else if (logger.IsEnabled(info.LogLevel))
        {
            var why = cause is null ? string.Empty : $" ({cause.Message})";
            _services.Lines.Write(
                EventIds.ConnectionEnded,
                info.WireName,
                UserId,
                more => Log.Ended(logger, info.LogLevel, Id, UserId, info.WireName, why + more, exception: null));
        }
    }

    private void Apply(CredentialAction action, ConnectionCredential credential)
    {
        switch (action)
        {
            case CredentialAction.Announce:
                TryTell(ServerMessageWriter.Expiring(new ExpiringMessage(credential.ExpiresInMs ?? 0)));
                break;
            case CredentialAction.End:
                End(ConnectionEndReason.CredentialExpired);
                break;
        }
    }

    private void Apply(LivenessAction action)
    {
        if (action.HasFlag(LivenessAction.ProtocolPing))
        {
            Queue.RequestPing();
            Wake();
        }

        if (action.HasFlag(LivenessAction.ApplicationPing))
        {
            SendPing();
        }

        if (action.HasFlag(LivenessAction.BecameFrozen))
        {
            Log.Frozen(_services.Logger, Id, UserId);
        }

        if (action.HasFlag(LivenessAction.BecameStuck))
        {
            Stream.Acknowledgements.UnconfirmedSince = 0;
            _services.Failures.Report(ConnectionFailures.Stuck(this, _services.Options));
        }

        if (action.HasFlag(LivenessAction.Dead))
        {
            End(ConnectionEndReason.PingTimeout);
        }

        if (action.HasFlag(LivenessAction.Unresponsive))
        {
            End(ConnectionEndReason.Unresponsive);
        }

        if (action.HasFlag(LivenessAction.Stalled))
        {
            End(StallReason);
        }
    }

    private void SendPing()
    {
        Queue.RequestPagePing(_services.Time.GetUtcNow().ToUnixTimeMilliseconds());
        Wake();
    }

    private ConnectionHealthReport Report(ConnectionState state, TimeSpan? roundTrip) => new(
        Id,
        state,
        IsEnded ? EndReason : null,
        roundTrip,
        Subscription.LastWritten,
        Subscription.Acknowledged,
        Queue.Count,
        Queue.Bytes);

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.ReadDelayed,
            LogLevel.Information,
            "Connection {ConnectionId} of {UserId} is read more slowly: {Reason}{More}",
            EventName = nameof(EventIds.ReadDelayed))]
        public static partial void Delayed(ILogger logger, string connectionId, string userId, string reason, string more);

        [LoggerMessage(
            EventId = EventIds.ConnectionEnded,
            Message = "Connection {ConnectionId} of {UserId} ended: {Reason}{Details}",
            EventName = nameof(EventIds.ConnectionEnded))]
        public static partial void Ended(
            ILogger logger, LogLevel level, string connectionId, string userId, string reason, string details, Exception? exception);

        [LoggerMessage(
            EventIds.ConnectionFrozen,
            LogLevel.Information,
            "Connection {ConnectionId} of {UserId} is frozen: the browser answers, the page does not; the user counts as offline on it",
            EventName = nameof(EventIds.ConnectionFrozen))]
        public static partial void Frozen(ILogger logger, string connectionId, string userId);
    }
}
