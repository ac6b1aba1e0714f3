using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Limits;

/// <summary>
/// What is read of all connections together. Above it each connection is still read a little. Safe to use from any thread; connections ask
/// for some hundred frames at once, so that they meet here seldom.
/// </summary>
internal sealed class InboundBudget
{
    /// <summary>How many frames a second are read of each connection whatever the others send: more than a page sends.</summary>
    public const int FreePerSecond = 20;

    /// <summary>How many of them are granted at once.</summary>
    public const int FreeGrant = 4;

    /// <summary>As how many frames a message counts that makes work besides being read.</summary>
    public const int WorkUnits = 20;

    // How long a connection that has used its share waits before it asks again.
    private const double PauseSeconds = 0.1;
    private const int LeastGrant = 8;

    private readonly Lock _gate = new();
    private readonly Rate _total;
    private long _paid;

    public InboundBudget(IOptions<PeerLimitOptions> options, ServedTime time)
    {
        var (limits, burst) = (options.Value, options.Value.InboundBurst.TotalSeconds);
        Time = time;
        Messages = new Rate(limits.InboundMessagesPerSecond, limits.InboundMessagesPerSecond * burst, time);
        Bytes = new Rate(limits.InboundBytesPerSecond, limits.InboundBytesPerSecond * burst, time);
        Free = new Rate(FreePerSecond, FreePerSecond * burst, time);
        MessageGrant = Math.Max(LeastGrant, (int)(limits.InboundMessagesPerSecond * PauseSeconds));
        ByteGrant = (int)(limits.InboundBytesPerSecond * PauseSeconds);
        _total = new Rate(limits.TotalInbound, limits.TotalInbound, time);
    }

    /// <summary>How long a connection that has used its share waits before it asks again.</summary>
    public static TimeSpan Pause { get; } = TimeSpan.FromSeconds(PauseSeconds);

    public TimeProvider Time { get; }

    /// <summary>Frames of one connection.</summary>
    public Rate Messages { get; }

    /// <summary>Bytes of one connection.</summary>
    public Rate Bytes { get; }

    /// <summary>Frames of one connection that are read whatever the others send.</summary>
    public Rate Free { get; }

    /// <summary>How many frames are granted at once.</summary>
    public int MessageGrant { get; }

    /// <summary>How many bytes are granted at once.</summary>
    public int ByteGrant { get; }

    /// <summary>Takes from what all have together.</summary>
    /// <returns>How many of the wanted units there were.</returns>
    public int TakeUpTo(int units, long now)
    {
        if (units <= 0)
        {
            return 0;
        }

        lock (_gate)
        {
            return _total.TakeUpTo(ref _paid, now, units);
        }
    }
}
