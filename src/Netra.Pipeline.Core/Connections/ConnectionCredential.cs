using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Connections;

/// <summary>
/// The credential under which a connection lives: it is announced before it ends, and then it ends. A state machine on injected time: the
/// wall clock counts once, when the credential comes; from then on time is monotonic, so that setting the clock ends no page.
/// </summary>
/// <remarks>
/// Time in which the process did not serve counts for the credential, as it does for everybody else. But a page could not be told
/// meanwhile, nor answer: once, it is told after the gap, and has the time of a notice. The shared tick calls <see cref="OnTick"/>;
/// everything else is immutable.
/// </remarks>
internal sealed class ConnectionCredential
{
    private readonly TimeSpan _notice;
    private readonly ServedTime _time;
    private readonly bool _ends;
    private long _endsAt;
    private TimeSpan _lost;
    private bool _isAnnounced;
    private bool _wasExcused;

    /// <param name="identity">Whom it names, and until when.</param>
    /// <param name="askedAt">
    /// When the authenticator was asked about it: one that does not say when it was issued was there by then, so that what is revoked while
    /// it is checked ends the connection.
    /// </param>
    /// <param name="notice">How long before its end it is announced.</param>
    /// <param name="time">The clock.</param>
    public ConnectionCredential(ConnectionIdentity identity, DateTimeOffset askedAt, TimeSpan notice, ServedTime time)
    {
        (Identity, _notice, _time, _lost) = (identity, notice, time, time.Lost);
        var now = time.GetUtcNow();
        IssuedAt = identity.IssuedAt ?? askedAt;
        if (identity.ExpiresAt is { } end)
        {
            _ends = true;
            _endsAt = time.GetTimestamp() + ToTimestamp(end > now ? end - now : TimeSpan.Zero);
        }
    }

    /// <summary>Whom it names.</summary>
    public ConnectionIdentity Identity { get; }

    /// <summary>Since when it is valid, by the wall clock.</summary>
    public DateTimeOffset IssuedAt { get; }

    /// <summary>How long it is valid still, in whole milliseconds; null where it has no end.</summary>
    public long? ExpiresInMs => _ends ? Math.Max(0, (long)Remaining(_time.GetTimestamp()).TotalMilliseconds) : null;

    /// <summary>Decides what is due now.</summary>
    public CredentialAction OnTick()
    {
        if (!_ends)
        {
            return CredentialAction.None;
        }

        var now = _time.GetTimestamp();
        if (_time.Lost is var lost && lost > _lost)
        {
            _endsAt -= ToTimestamp(lost - _lost);
            _lost = lost;
            if (!_wasExcused && Remaining(now) < _notice)
            {
                (_wasExcused, _isAnnounced) = (true, false);
                _endsAt = now + ToTimestamp(_notice);
            }
        }

        var remaining = Remaining(now);
        if (remaining <= TimeSpan.Zero)
        {
            return CredentialAction.End;
        }

        if (_isAnnounced || remaining > _notice)
        {
            return CredentialAction.None;
        }

        _isAnnounced = true;
        return CredentialAction.Announce;
    }

    private TimeSpan Remaining(long now) => _time.GetElapsedTime(now, Volatile.Read(ref _endsAt));

    private long ToTimestamp(TimeSpan time)
        => (long)Math.Min(time.TotalSeconds * _time.TimestampFrequency, long.MaxValue / 4);
}

/// <summary>What is due for a credential.</summary>
internal enum CredentialAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The page is to be told that it ends.</summary>
    Announce,

    /// <summary>It has ended.</summary>
    End,
}
