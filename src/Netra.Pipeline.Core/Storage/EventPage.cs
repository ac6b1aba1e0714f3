using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Storage;

/// <summary>
/// A page of stored events. It ends with its last event, or with its last skipped range if that is higher; an empty one speaks for the
/// whole range that was asked for. What it returns neither as an event nor as skipped is expired.
/// </summary>
/// <param name="Events">In order.</param>
/// <param name="Skipped">
/// The parts of the range that were never stored and never will be, because numbers were skipped after an unclean
/// end; in order, cut to the range.
/// </param>
public sealed record EventPage(IReadOnlyList<StoredEvent> Events, IReadOnlyList<SeqRange> Skipped)
{
    /// <summary>A page without skipped numbers.</summary>
    public EventPage(IReadOnlyList<StoredEvent> events)
        : this(events, [])
    {
    }
}

/// <summary>One event read back from the log.</summary>
/// <param name="Seq">Its number.</param>
/// <param name="Type">Its type.</param>
/// <param name="Buffer">
/// The owner tag, made from the user that the <em>stored row</em> names, and the encoded event. A log that keeps neither with the row must
/// make the tag anew from the row's user.
/// </param>
public readonly record struct StoredEvent(long Seq, EventType Type, byte[] Buffer);
