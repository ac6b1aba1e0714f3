using Netra.Pipeline.Events;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// A stream's recent events, so that a device that fell behind by a little is caught up without the log. It never drops an event that
/// the log has not committed; committed ones share a budget with all other streams. Not thread-safe; the stream's lock guards it.
/// </summary>
internal sealed class EventWindow(int maxEvents, WindowBudget budget)
{
    private readonly SeqRing<byte[]> _events = new();

    /// <summary>The last number below the window, which the log has therefore committed; the head when the window is empty.</summary>
    public long ThroughBefore(long head) => _events.Count > 0 ? _events.First - 1 : head;

    public bool Contains(long seq) => _events.Contains(seq);

    public void Add(long seq, byte[] buffer, long committed)
    {
        _events.Append(seq, buffer);
        budget.Take(buffer.Length);
        Trim(committed);
    }

    /// <summary>Drops committed events as far as the bounds demand.</summary>
    public void Trim(long committed)
    {
        while (_events.Count > 0 && _events.First <= committed && (_events.Count > maxEvents || budget.IsExceeded))
        {
            budget.Return(_events.RemoveFirst().Length);
        }
    }

    /// <summary>Drops all committed events.</summary>
    public void LetGo(long committed)
    {
        while (_events.Count > 0 && _events.First <= committed)
        {
            budget.Return(_events.RemoveFirst().Length);
        }
    }

    /// <summary>Drops everything; the stream is evicted, and everything is committed then.</summary>
    public void Clear()
    {
        while (_events.Count > 0)
        {
            budget.Return(_events.RemoveFirst().Length);
        }
    }

    /// <summary>Copies events in order to a page.</summary>
    /// <returns>The last number copied.</returns>
    public long CopyTo(List<SendFrame> page, long from, int maxBytes)
    {
        var bytes = 0;
        var seq = from;
        for (; _events.Contains(seq); seq++)
        {
            var buffer = _events[seq];
            bytes += buffer.Length;
            if (page.Count > 0 && bytes > maxBytes)
            {
                break;
            }

            page.Add(SendFrame.ForEvent(seq, buffer));
        }

        return seq - 1;
    }
}
