namespace Netra.Pipeline.Connections;

/// <summary>
/// Tells the kinds of quiet apart: dead (no byte at all), frozen (the browser answers WebSocket pings, the page answers nothing), stuck (the page answers, but
/// acknowledges nothing that it was sent) and stalled (a flush makes no progress). A state machine on injected time; it does nothing itself.
/// </summary>
/// <remarks>
/// <see cref="OnTick"/> is called by the shared tick alone. The other members may be called from any thread: each sets one field that the tick reads.
/// </remarks>
internal sealed class ConnectionLiveness
{
    // So many ticks late, and it is the process that stood still.
    private const int LateTicks = 3;

    private readonly ConnectionOptions _options;
    private readonly TimeSpan _tick;
    private readonly TimeProvider _time;
    private readonly bool _isOneWay;
    private long _inbound;
    private long _inboundAt;
    private long _pongAt;
    private long _flushingSince;
    private long _pingSentAt;
    private long _pingUnansweredSince;
    private long _protocolPingAt;
    private long _unacknowledgedSince;
    private long _inheritedSince;
    private long _acknowledgedAtTick = -1;
    private bool _mayInherit = true;
    private long _tickedAt;
    private bool _forgiven;
    private bool _frozen;
    private bool _stuck;

    /// <param name="options">The times.</param>
    /// <param name="tick">How often <see cref="OnTick"/> comes; limits are met a tick early rather than late.</param>
    /// <param name="time">The clock.</param>
    /// <param name="isOneWay">
    /// Whether the transport brings no bytes from the peer. Then a ping that was flushed is all that is heard of it; one that was not is a flush without progress, and the stall timeout's to judge.
    /// </param>
    public ConnectionLiveness(ConnectionOptions options, TimeSpan tick, TimeProvider time, bool isOneWay = false)
    {
        (_options, _tick, _time, _isOneWay) = (options, tick, time, isOneWay);
        _inboundAt = _pongAt = _pingSentAt = _tickedAt = time.GetTimestamp();
    }

    /// <summary>Whether the page is frozen; it is not any more from its first answer on.</summary>
    public bool IsFrozen => Volatile.Read(ref _frozen) && PongAt < Volatile.Read(ref _pingUnansweredSince);

    public bool IsStuck => Volatile.Read(ref _stuck);

    /// <summary>How often bytes came.</summary>
    public long Inbound => Volatile.Read(ref _inbound);

    /// <summary>When the last byte came, as a timestamp of the clock.</summary>
    public long InboundAt => Volatile.Read(ref _inboundAt);

    /// <summary>When the page answered last.</summary>
    public long PongAt => Volatile.Read(ref _pongAt);

    /// <summary>
    /// Since when the page has left unacknowledged what it was sent, on this connection or the ones before it; 0 when it has not, or when the alarm has been raised for it. Read by the tick's thread.
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

    /// <summary>Looks at the clock.</summary>
    /// <param name="written">The last event number written.</param>
    /// <param name="acknowledged">The last one acknowledged.</param>
    /// <param name="unconfirmedSince">Since when the page made no progress on connections that were closed for it; 0 when it did.</param>
    public LivenessAction OnTick(long written, long acknowledged, long unconfirmedSince = 0)
    {
        var now = _time.GetTimestamp();
        if (IsLate(now))
        {
            return LivenessAction.None;
        }

        var silence = Elapsed(InboundAt, now);
        if (!_isOneWay && silence + _tick > _options.PingInterval + _options.PingTimeout)
        {
            return LivenessAction.Dead;
        }

        var flushing = Volatile.Read(ref _flushingSince);
        if (flushing != 0 && Elapsed(flushing, now) >= _options.StallTimeout)
        {
            return LivenessAction.Stalled;
        }

        var action = LivenessAction.None;
        if (silence + _tick > _options.PingInterval && Elapsed(_protocolPingAt, now) + _tick > _options.PingInterval)
        {
            _protocolPingAt = now;
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
            var unanswered = Elapsed(_pingUnansweredSince, now);
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
        // Where the connection begins is no progress.
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

        // What is inherited counts, but a page that has only just come back gets the time of an answer to confirm what it was sent again.
        var unacknowledged = Elapsed(Since, now);
        if (!_stuck && unacknowledged + _tick > _options.SilentFailureWindow && PongAt > _unacknowledgedSince && Elapsed(_unacknowledgedSince, now) + _tick > _options.PingTimeout)
        {
            Volatile.Write(ref _stuck, true);
            return LivenessAction.BecameStuck;
        }

        // Half the window is gone without progress: ask the page, whatever the ping interval, so that the other half tells stuck from frozen.
        var half = _options.SilentFailureWindow / 2;
        return _pingUnansweredSince == 0 && PongAt <= _unacknowledgedSince && unacknowledged >= half ? SendPingEvery(TimeSpan.Zero, now) : LivenessAction.None;
    }

    private LivenessAction SendPingEvery(TimeSpan interval, long now)
    {
        if (Elapsed(_pingSentAt, now) + _tick <= interval)
        {
            return LivenessAction.None;
        }

        _pingSentAt = now;
        if (_pingUnansweredSince == 0)
        {
            Volatile.Write(ref _pingUnansweredSince, now);
        }

        return LivenessAction.ApplicationPing;
    }

    // After a pause of the whole process (a suspended machine, a starved pool) the answers of every peer wait unread, and all of them would be taken for dead at once. One tick of grace lets
    // them be read; never two in a row, or a process that always runs late would judge nobody.
    private bool IsLate(long now)
    {
        var late = Elapsed(_tickedAt, now) >= LateTicks * _tick;
        _tickedAt = now;
        return _forgiven = late && !_forgiven;
    }

    private LivenessAction Unstick()
    {
        if (!_stuck)
        {
            return LivenessAction.None;
        }

        Volatile.Write(ref _stuck, false);
        return LivenessAction.Recovered;
    }

    private TimeSpan Elapsed(long since, long now) => _time.GetElapsedTime(since, now);
}
