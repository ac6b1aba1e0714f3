using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Delivery;

/// <summary>
/// When to send a stream's oldest unconfirmed critical event again, and when to give up. A state machine on injected time; it does nothing
/// itself. Not thread-safe: the tick alone calls it.
/// </summary>
/// <remarks>
/// <para>A series of tries belongs to one event, and to those that had been sent by its beginning: they have seen every try. Its clock
/// runs only from tick to tick, while a device that is there owes the event, so a page that is offline or frozen loses no try, and a
/// tick that comes late counts as one tick. After a gap in which the process did not run the pause begins anew, once: what was
/// acknowledged meanwhile waits unread.</para>
/// <para>A series ends when its event is confirmed, a dead letter or expired. A device that was closed gets a minute to come back:
/// meanwhile its series stands still, and no other begins, or two devices that owe different events could take turns for ever.</para>
/// </remarks>
internal sealed class CriticalRetry(DeliveryOptions options, TimeSpan tick, ServedTime time, Func<double> random)
{
    /// <summary>For how long a series waits for a device that owes its event.</summary>
    public static readonly TimeSpan Absence = TimeSpan.FromMinutes(1);

    private long _tickedAt = time.GetTimestamp();
    private TimeSpan _waited;
    private TimeSpan _absent;
    private TimeSpan _pause;
    private bool _running;
    private bool _isGraced;
    private long _gaps = time.Gaps;

    /// <summary>The event that it is about; 0 when there is none.</summary>
    public long Seq { get; private set; }

    /// <summary>The event and those that were sent by the time its series began.</summary>
    public SeqRange Range { get; private set; }

    /// <summary>How often it was sent again.</summary>
    public int Tries { get; private set; }

    /// <summary>How often it was sent.</summary>
    public int Attempts => Tries + 1;

    /// <summary>Looks at the clock.</summary>
    /// <param name="state">How the stream stands with its critical events and with <see cref="Seq"/>.</param>
    public CriticalAction OnTick(in CriticalState state)
    {
        var now = time.GetTimestamp();
        var elapsed = Shorter(time.GetElapsedTime(_tickedAt, now), 2 * tick);
        _tickedAt = now;
        if (time.Gaps is var gaps && gaps != _gaps)
        {
            (_gaps, elapsed) = (gaps, TimeSpan.Zero);
            Grace();
        }

        if (Seq == 0 || state.IsSettled)
        {
            Begin(state);
            return CriticalAction.None;
        }

        if (!state.IsOwed)
        {
            _running = false;
            _absent += elapsed;
            if (_absent >= Absence)
            {
                Begin(state);
            }

            return CriticalAction.None;
        }

        _waited += _running ? elapsed : TimeSpan.Zero;
        (_absent, _running) = (TimeSpan.Zero, true);
        if (_waited < _pause)
        {
            return CriticalAction.None;
        }

        if (Tries == options.Tries)
        {
            return CriticalAction.GiveUp;
        }

        Tries++;
        Wait(RetryPause.After(options.FirstRetry, options.MaxRetryPause, Tries, random()));
        return Tries == 1 ? CriticalAction.Redeliver : CriticalAction.Close;
    }

    /// <summary>The event could not become a dead letter: not before another pause.</summary>
    public void Postpone() => Wait(options.FirstRetry);

    private void Begin(in CriticalState state)
    {
        Seq = state.OldestOwed;
        Range = new SeqRange(Seq, state.Told);
        (Tries, _absent, _running) = (0, TimeSpan.Zero, Seq != 0);
        Wait(options.FirstRetry);
    }

    private void Wait(TimeSpan pause) => (_waited, _pause, _isGraced) = (TimeSpan.Zero, pause, false);

    private void Grace()
    {
        if (!_isGraced)
        {
            (_waited, _absent, _isGraced) = (TimeSpan.Zero, TimeSpan.Zero, true);
        }
    }

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right;
}

/// <summary>What is to be done about a critical event that no device confirms.</summary>
internal enum CriticalAction
{
    /// <summary>Nothing yet.</summary>
    None,

    /// <summary>Send it again to those who owe its confirmation, in place.</summary>
    Redeliver,

    /// <summary>Close the connections that owe a confirmation, so that resuming sends everything again.</summary>
    Close,

    /// <summary>Its last try has failed: make a dead letter of it.</summary>
    GiveUp,
}
