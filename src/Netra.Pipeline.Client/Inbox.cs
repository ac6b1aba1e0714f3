namespace Netra.Pipeline.Client;

/// <summary>
/// What one connection after the other brings, and the application takes, in order, within a bound of events and bytes. One adds and one
/// takes at a time; the lock guards the queue.
/// </summary>
internal sealed class Inbox(int maxEvents, int maxBytes)
{
    private readonly Lock _gate = new();
    private readonly Queue<InboxItem> _items = [];
    private readonly Signal _available = new();
    private readonly Signal _room = new();
    private long _bytes;
    private Exception? _failure;
    private bool _isComplete;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _items.Count;
            }
        }
    }

    /// <summary>Adds an event, or a gap, where there is room; an empty inbox has room for anything.</summary>
    public bool TryAdd(in InboxItem item)
    {
        lock (_gate)
        {
            if (_items.Count > 0 && (_items.Count >= maxEvents || _bytes + item.Bytes > maxBytes))
            {
                return false;
            }

            Append(item);
            return true;
        }
    }

    /// <summary>Adds one of the few that need no room: one a connection.</summary>
    public void Add(in InboxItem item)
    {
        lock (_gate)
        {
            Append(item);
        }
    }

    /// <summary>Waits until there may be room, or the time is over.</summary>
    public Task WaitForRoomAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
        => _room.WaitAsync(patience, time, cancellationToken);

    /// <summary>The next item; null when reading has ended because the application wants it so.</summary>
    /// <exception cref="EventClientException">Reading has ended for good.</exception>
    public async ValueTask<InboxItem?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_items.TryDequeue(out var item))
                {
                    _bytes -= item.Bytes;
                    _room.Set();
                    return item;
                }

                if (_failure is not null)
                {
                    throw _failure;
                }

                if (_isComplete)
                {
                    return null;
                }
            }

            await _available.WaitAsync(cancellationToken);
        }
    }

    /// <summary>A connection has ended: what has not been taken comes again with the next one, but for word of another history.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            InboxItem[] kept = [.. _items.Where(static item => item.Kind == InboxItemKind.Reset).TakeLast(1)];
            _items.Clear();
            _bytes = 0;
            foreach (var item in kept)
            {
                Append(item);
            }

            _room.Set();
        }
    }

    /// <summary>Nothing comes any more.</summary>
    /// <param name="failure">Why; null because the application wants it so.</param>
    public void Complete(Exception? failure)
    {
        lock (_gate)
        {
            (_isComplete, _failure) = (true, failure);
            _available.Set();
        }
    }

    private void Append(in InboxItem item)
    {
        _items.Enqueue(item);
        _bytes += item.Bytes;
        _available.Set();
    }
}
