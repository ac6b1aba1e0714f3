using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Connections;

/// <summary>
/// Tells the kinds of silence apart: dead (no byte at all), frozen (the browser answers WebSocket pings, the page answers nothing), stuck
/// (the page answers, but acknowledges nothing that it was sent) and stalled (a flush makes no progress). A state machine on injected time;
/// it returns what is to be done and does nothing itself.
/// </summary>
/// <remarks>
/// <para>No client is judged without having been asked. After the process was suspended, the client is asked first and every deadline
/// starts anew, but only once for each silence: otherwise a process that is suspended again and again would never end a connection. A late
/// tick asks first, too.</para>
/// <para><see cref="OnTick"/> is called by the shared tick alone. The other members may be called from any thread: each sets
/// one field that the tick reads.</para>
/// </remarks>
internal sealed class ConnectionLiveness
{
    private readonly ConnectionOptions _options;
    private readonly TimeSpan _tick;
    private readonly ServedTime _time;
    private readonly bool _isOneWay;
    private long _inbound;
    private long _inboundAt;
    private long _pongAt;
    private long _flushingSince;
    private long _pingSentAt;
    private long _pingUnansweredSince;
    private long _protocolPingAt;
    private long _askedAt;
    private long _resumedAt;
    private long _gaps;
    private long _unacknowledgedSince;
    private long _inheritedSince;
    private long _acknowledgedAtTick = -1;
    private bool _mayInherit = true;
    private bool _frozen;
    private bool _stuck;

    /// <param name="options">The times.</param>
    /// <param name="tick">How often <see cref="OnTick"/> is called; limits are met a tick early rather than late.</param>
    /// <param name="time">The clock.</param>
    /// <param name="isOneWay">
    /// Whether the transport brings no bytes from the peer. Then a flushed ping is its only sign of life; a ping that was not flushed is a
    /// flush without progress, which the stall timeout covers.
    /// </param>
    public ConnectionLiveness(ConnectionOptions options, TimeSpan tick, ServedTime time, bool isOneWay = false)
    {
        (_options, _tick, _time, _isOneWay) = (options, tick, time, isOneWay);
        _inboundAt = _pongAt = _pingSentAt = time.GetTimestamp();
        _gaps = time.Gaps;
    }

    /// <summary>Whether the page is frozen; its first answer ends that.</summary>
    public bool IsFrozen => Volatile.Read(ref _frozen) && PongAt < Volatile.Read(ref _pingUnansweredSince);

    /// <summary>Whether the page was asked and has not answered yet.</summary>
    public bool IsPageAsked => Volatile.Read(ref _pingUnansweredSince) is not 0 and var since && PongAt < since;

    public bool IsStuck => Volatile.Read(ref _stuck);

    /// <summary>
    /// Whether no byte has come since the process was last suspended: a page that is gone now has left meanwhile, because of that.
    /// </summary>
    public bool IsUnheardSinceGap => Volatile.Read(ref _gaps) != _time.Gaps || InboundAt < Volatile.Read(ref _resumedAt);

    /// <summary>How many times bytes came.</summary>
    public long Inbound => Volatile.Read(ref _inbound);

    /// <summary>When the last byte came, as a timestamp of the clock.</summary>
    public long InboundAt => Volatile.Read(ref _inboundAt);

    /// <summary>When the page answered last.</summary>
    public long PongAt => Volatile.Read(ref _pongAt);

    /// <summary>
    /// Since when the page has left events unacknowledged, on this connection or the ones before it; 0 when it has not, or when the alarm
    /// has been raised for it. The tick sets it; other readers find it a tick old at worst.
    /// </summary>
    public long UnconfirmedSince => _stuck || _unacknowledgedSince == 0 ? 0 : Since;

    private long Since => _inheritedSince != 0 ? _inheritedSince : _unacknowledgedSince;

    public void OnInbound()
    {
        Volatile.Write(ref _inboundAt, _time.GetTimestamp());
        Volatile.Write(ref _inbound, _inbound + 1);
    }

    public void OnPong() => Volatile.Write(ref _pongAt, _time.GetTimestamp());

    /// <summary>A flush has begun that did not complete at once.</summary>
    public void OnFlushPending() => Volatile.Write(ref _flushingSince, _time.GetTimestamp());

    public void OnFlushed() => Volatile.Write(ref _flushingSince, 0);

    /// <summary>Decides what is due now.</summary>
    /// <param name="written">The last event number written.</param>
    /// <param name="acknowledged">The last one acknowledged.</param>
    /// <param name="unconfirmedSince">
    /// Since when the page made no progress on earlier connections that were closed as unconfirmed; 0 when it did.
    /// </param>
    public LivenessAction OnTick(long written, long acknowledged, long unconfirmedSince = 0)
    {
        var now = _time.GetTimestamp();
        if (_time.Gaps is var gaps && gaps != _gaps)
        {
            Volatile.Write(ref _gaps, gaps);
            return Resume(now);
        }

        var silence = Elapsed(InboundAt, now);
        if (!_isOneWay && Judged(InboundAt, now) + _tick > _options.PingInterval + _options.PingTimeout && IsAskedInVain(now))
        {
            return LivenessAction.Dead;
        }

        var flushing = Volatile.Read(ref _flushingSince);
        if (flushing != 0 && Judged(flushing, now) >= _options.StallTimeout)
        {
            return LivenessAction.Stalled;
        }

        var action = LivenessAction.None;
        if (silence + _tick > _options.PingInterval && Elapsed(_protocolPingAt, now) + _tick > _options.PingInterval)
        {
            AskBrowser(now);
            action |= LivenessAction.ProtocolPing;
        }

        action |= WatchPage(now);
        if (!_frozen)
        {
            // A frozen page counts as offline: its clock for progress stands still until it answers again.
            action |= WatchProgress(now, written, acknowledged, unconfirmedSince);
        }

        return action;
    }

    private LivenessAction WatchPage(long now)
    {
        if (_pingUnansweredSince != 0 && PongAt >= _pingUnansweredSince)
        {
            Volatile.Write(ref _pingUnansweredSince, 0);
            if (_frozen)
            {
                Volatile.Write(ref _frozen, false);
                _unacknowledgedSince = 0;
                _mayInherit = false;
                return LivenessAction.Recovered;
            }
        }

        if (_pingUnansweredSince != 0)
        {
            var unanswered = Judged(_pingUnansweredSince, now);
            if (_frozen)
            {
                return unanswered >= _options.FrozenTimeout ? LivenessAction.Unresponsive : SendPingEvery(_options.PingInterval, now);
            }

            if (unanswered >= _options.PingTimeout)
            {
                Volatile.Write(ref _frozen, true);
                return LivenessAction.BecameFrozen;
            }

            return LivenessAction.None;
        }

        return SendPingEvery(_options.PingInterval, now);
    }

    private LivenessAction WatchProgress(long now, long written, long acknowledged, long unconfirmedSince)
    {
        // The number at which the connection begins is no progress.
        _acknowledgedAtTick = _acknowledgedAtTick < 0 ? acknowledged : _acknowledgedAtTick;
        if (written <= acknowledged)
        {
            _unacknowledgedSince = _inheritedSince = 0;
            _acknowledgedAtTick = acknowledged;
            return Unstick();
        }

        if (acknowledged > _acknowledgedAtTick)
        {
            (_unacknowledgedSince, _inheritedSince) = (now, 0);
            _acknowledgedAtTick = acknowledged;
            return Unstick();
        }

        if (_unacknowledgedSince == 0)
        {
            (_unacknowledgedSince, _inheritedSince) = (now, _mayInherit ? unconfirmedSince : 0);
        }

        // Inherited time counts, but a page that has just reconnected gets the time of one answer to confirm what it was sent again.
        var unacknowledged = Judged(Since, now);
        var here = Math.Max(_unacknowledgedSince, _resumedAt);
        if (!_stuck
            && unacknowledged + _tick > _options.SilentFailureWindow
            && PongAt > here
            && Elapsed(here, now) + _tick > _options.PingTimeout)
        {
            Volatile.Write(ref _stuck, true);
            return LivenessAction.BecameStuck;
        }

        // Half the window is gone without progress: ask the page, whatever the ping interval, so that the other
        // half tells stuck from frozen.
        var half = _options.SilentFailureWindow / 2;
        return _pingUnansweredSince == 0 && PongAt <= here && unacknowledged >= half
            ? SendPingEvery(TimeSpan.Zero, now)
            : LivenessAction.None;
    }

    private LivenessAction SendPingEvery(TimeSpan interval, long now)
    {
        if (Elapsed(_pingSentAt, now) + _tick <= interval)
        {
            return LivenessAction.None;
        }

        AskPage(now);
        return LivenessAction.ApplicationPing;
    }

    // Bytes that came during the gap wait unread, and pings sent before it may have been lost.
    private LivenessAction Resume(long now)
    {
        if (InboundAt >= _resumedAt)
        {
            Volatile.Write(ref _resumedAt, now);
        }

        AskBrowser(now);
        AskPage(now);
        return LivenessAction.ProtocolPing | LivenessAction.ApplicationPing;
    }

    private void AskBrowser(long now)
    {
        _protocolPingAt = now;
        if (_askedAt < InboundAt)
        {
            _askedAt = now;
        }
    }

    private void AskPage(long now)
    {
        _pingSentAt = now;
        if (_pingUnansweredSince == 0)
        {
            Volatile.Write(ref _pingUnansweredSince, now);
        }
    }

    private bool IsAskedInVain(long now) => _askedAt >= InboundAt && Elapsed(_askedAt, now) + _tick > _options.PingTimeout;

    private LivenessAction Unstick()
    {
        if (!_stuck)
        {
            return LivenessAction.None;
        }

        Volatile.Write(ref _stuck, false);
        return LivenessAction.Recovered;
    }

    // How long a condition has lasted. The time before the last resume does not count: its end could not have been noticed then.
    private TimeSpan Judged(long since, long now) => Elapsed(Math.Max(since, _resumedAt), now);

    private TimeSpan Elapsed(long since, long now) => _time.GetElapsedTime(since, now);
}
