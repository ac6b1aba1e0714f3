namespace Netra.Pipeline.Runs;

/// <summary>
/// The waits of one run, and how long it has worked beside them; in ticks of the <see cref="RunClock"/>. One that was announced ends with
/// the run's next event; one for an answer ends with the answer. The lock of the run's life guards changes; what it says may be read
/// without it.
/// </summary>
internal struct RunWaits
{
    private long _from;
    private long _announced;
    private long _asked;
    private long _waited;

    /// <summary>Until when it waits, for whatever reason; 0 when it does not.</summary>
    public readonly long Until => Math.Max(Announced, Volatile.Read(in _asked));

    /// <summary>Until when it waits, as it has announced; 0 when it has not.</summary>
    public readonly long Announced => Volatile.Read(in _announced);

    /// <summary>The time in which it was not waiting.</summary>
    public readonly long WorkingAt(long now) => now - _waited - (_from != 0 ? Math.Min(now, Until) - _from : 0);

    /// <summary>It announces that it waits.</summary>
    public void Begin(long now, long until) => Set(now, until, _asked);

    /// <summary>What it has announced is over.</summary>
    public void End(long now)
    {
        if (_announced != 0)
        {
            Set(now, 0, _asked);
        }
    }

    /// <summary>It waits for answers until a time; 0 when it waits for none any more.</summary>
    public void Ask(long now, long until)
    {
        if (until != _asked)
        {
            Set(now, _announced, until);
        }
    }

    private void Set(long now, long announced, long asked)
    {
        if (_from != 0)
        {
            _waited += Math.Min(now, Until) - _from;
        }

        Volatile.Write(ref _announced, announced);
        Volatile.Write(ref _asked, asked);
        _from = Until > now ? now : 0;
    }
}
