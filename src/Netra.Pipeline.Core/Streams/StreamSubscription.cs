using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// One connection's place in its user's stream. Everything is guarded by the stream's lock, except the members marked volatile, each of
/// which has one writer.
/// </summary>
internal sealed class StreamSubscription(string connectionId, SendQueue queue)
{
    private long _acknowledged;
    private long _lastWritten;
    private long _lastTold;
    private volatile bool _hasPages;
    private volatile bool _isPresent = true;
    private volatile bool _isQuiet;

    public string ConnectionId { get; } = connectionId;

    public SendQueue Queue { get; } = queue;

    public SubscriptionMode Mode { get; set; } = SubscriptionMode.Live;

    /// <summary>Where it began: this number and lower ones are not sent on it.</summary>
    public long Start { get; set; }

    /// <summary>The highest number that was in its queue or its replay.</summary>
    public long LastQueued { get; set; }

    /// <summary>The positions that the audit has recorded last.</summary>
    public ConnectionProgress Audited { get; set; }

    /// <summary>The next number to read, while not <see cref="SubscriptionMode.Live"/>.</summary>
    public long Next { get; set; }

    /// <summary>Whether the client is still to be told the range that an overflow delays.</summary>
    public bool AnnounceGap { get; set; }

    /// <summary>Where coverage begins: acknowledgements speak for the numbers above.</summary>
    public long CoverageFrom { get; set; }

    /// <summary>The highest number that this connection has acknowledged; may be read without the lock.</summary>
    public long Acknowledged { get => Volatile.Read(ref _acknowledged); set => Volatile.Write(ref _acknowledged, value); }

    public bool IsAttached { get; set; }

    public bool IsDetached { get; set; }

    /// <summary>Ranges that the client asked to have again, the first one being served.</summary>
    public List<SeqRange> Redeliveries { get; } = [];

    /// <summary>Volatile: whether the writer has pages to read besides its queue.</summary>
    public bool HasPages => _hasPages;

    /// <summary>Volatile: false while the page is frozen, so that its user counts as offline. Written by the tick.</summary>
    public bool IsPresent { get => _isPresent; set => _isPresent = value; }

    /// <summary>Volatile: no byte came for a ping interval, so a critical event is preceded by a ping. Written by the tick.</summary>
    public bool IsQuiet { get => _isQuiet; set => _isQuiet = value; }

    /// <summary>Volatile: the last event number handed to the transport, redeliveries apart. Written by the connection's writer.</summary>
    public long LastWritten { get => Volatile.Read(ref _lastWritten); set => Volatile.Write(ref _lastWritten, value); }

    /// <summary>
    /// Volatile: the highest number that the client can know of, and so acknowledge: written, redelivered, or announced as missing by a
    /// <c>gap</c>, after which the client continues above. Written by the connection's writer.
    /// </summary>
    public long LastTold { get => Volatile.Read(ref _lastTold); set => Volatile.Write(ref _lastTold, value); }

    /// <summary>
    /// Asks for a range again. Numbers that wait already are not asked for twice, and ranges that meet are one: however often a client
    /// asks, each number is sent once for it, unless it was sent before it was asked for again.
    /// </summary>
    /// <returns>False when as many ranges wait as may.</returns>
    public bool TryAddRedelivery(SeqRange range, int most)
    {
        if (Redeliveries.Count == 0)
        {
            Redeliveries.Add(range);
            UpdateHasPages();
            return true;
        }

        // The first one is being served, and stays as it is: what lies below it has been sent, or was not asked for.
        var served = Redeliveries[0];
        var below = range with { To = Math.Min(range.To, served.From - 1) };
        var above = range with { From = Math.Max(range.From, served.To + 1) };
        return (below.Count <= 0 || TryMerge(below, most)) && (above.Count <= 0 || TryMerge(above, most));
    }

    /// <summary>To be called under the lock after every change of <see cref="Mode"/> or <see cref="Redeliveries"/>.</summary>
    public void UpdateHasPages() => _hasPages = Mode != SubscriptionMode.Live || Redeliveries.Count > 0;

    /// <summary>Begins after a number; the client has the events up to it, or does not want them.</summary>
    public void Begin(long start)
    {
        Start = LastQueued = Acknowledged = LastWritten = LastTold = start;
        Audited = Progress(default);
    }

    private bool TryMerge(SeqRange range, int most)
    {
        for (var i = Redeliveries.Count - 1; i > 0; i--)
        {
            var waiting = Redeliveries[i];
            if (waiting.From <= range.To + 1 && range.From <= waiting.To + 1)
            {
                range = new SeqRange(Math.Min(range.From, waiting.From), Math.Max(range.To, waiting.To));
                Redeliveries.RemoveAt(i);
            }
        }

        if (Redeliveries.Count >= most)
        {
            return false;
        }

        Redeliveries.Add(range);
        return true;
    }

    public void FallBehind(long next)
    {
        Mode = SubscriptionMode.Lagging;
        Next = next;
        AnnounceGap = true;
        UpdateHasPages();
    }

    public ConnectionProgress Progress(DateTimeOffset at) => new(ConnectionId, at, Start, LastQueued, LastWritten, Acknowledged);

    /// <summary>Whether a number was handed to its transport.</summary>
    public bool HasWritten(long seq) => seq > Start && seq <= LastWritten;

    /// <summary>Whether a number is, or was, in its queue.</summary>
    public bool HasQueued(long seq) => seq > Start && seq <= LastQueued;

    public OverflowedConnection DescribeOverflow()
        => new(ConnectionId, Queue.Count, Queue.Bytes, Queue.FrameLimit, Queue.ByteLimit);
}

/// <summary>How a connection gets its events at the moment.</summary>
internal enum SubscriptionMode
{
    /// <summary>The stream hands each new event to the connection's queue.</summary>
    Live,

    /// <summary>The connection reads the events that are older than it, from the window or the log.</summary>
    Replaying,

    /// <summary>The connection's queue overflowed; once it has drained, the connection reads on from the window or the log.</summary>
    Lagging,
}
