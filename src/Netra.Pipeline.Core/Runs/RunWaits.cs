namespace Netra.Pipeline.Runs;

/// <summary>
/// The waits of one run, one after the other, and how long it has worked beside them; in ticks of the <see cref="RunClock"/>. The lock of
/// the run's life guards changes; <see cref="Until"/> may be read without it.
/// </summary>
internal struct RunWaits
{
    private long _from;
    private long _until;
    private long _waited;

    /// <summary>Until when it waits; 0 when it does not.</summary>
    public readonly long Until => Volatile.Read(in _until);

    /// <summary>The time in which it was not waiting.</summary>
    public readonly long WorkingAt(long now) => now - _waited - (_until != 0 ? Math.Min(now, _until) - _from : 0);

    public void Begin(long now, long until)
    {
        End(now);
        _from = now;
        Volatile.Write(ref _until, until);
    }

    public void End(long now)
    {
        if (_until != 0)
        {
            _waited += Math.Min(now, _until) - _from;
            Volatile.Write(ref _until, 0);
        }
    }
}
