namespace Netra.Pipeline.Client.Publishing;

/// <summary>
/// Lines in the order in which they are sent and answered: first those that were sent and wait for their answers, then those that wait to
/// be sent.
/// Events wait for room, within a bound of lines and bytes. Safe for any number of threads; the lock guards the list.
/// </summary>
internal sealed class OutgoingLines(int maxEvents, int maxBytes)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<OutgoingLine> _lines = [];
    private readonly Signal _unsent = new();
    private LinkedListNode<OutgoingLine>? _next;
    private int _events;
    private long _bytes;
    private Exception? _failure;
    private TaskCompletionSource? _empty;

    // One for all that wait, so that whoever gives up leaves nothing behind.
    private TaskCompletionSource? _room;
    private long _lastPlace;

    /// <summary>How many events wait for their answers.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _events;
            }
        }
    }

    /// <summary>Adds an event; waits for room.</summary>
    /// <exception cref="PublisherException">The publisher has ended.</exception>
    public async ValueTask AddAsync(OutgoingLine line, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task room;
            lock (_gate)
            {
                if (_failure is not null)
                {
                    throw _failure;
                }

                if (_events == 0 || (_events < maxEvents && _bytes + line.Bytes.Length <= maxBytes))
                {
                    Append(line);
                    return;
                }

                _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                room = _room.Task;
            }

            await room.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Adds a line of the publisher's own, which goes out next and needs no room.</summary>
    public void Interject(ReadOnlyMemory<byte> bytes, RemoteRun? run, long now)
    {
        lock (_gate)
        {
            Insert(new OutgoingLine(bytes, Event: null, run, now));
            _unsent.Set();
        }
    }

    /// <summary>Completes when there is something to send.</summary>
    public Task WhenUnsentAsync(CancellationToken cancellationToken) => _unsent.WaitAsync(cancellationToken);

    /// <summary>Whether something waits to be sent, or for its answer.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _lines.Count == 0;
            }
        }
    }

    /// <summary>Takes lines to be sent, as many as fit together.</summary>
    public int TakeUnsent(List<ReadOnlyMemory<byte>> into, int atMostBytes)
    {
        lock (_gate)
        {
            into.Clear();
            var bytes = 0;
            for (; _next is not null && (bytes == 0 || bytes + _next.Value.Bytes.Length <= atMostBytes); _next = _next.Next)
            {
                into.Add(_next.Value.Bytes);
                bytes += _next.Value.Bytes.Length;
            }

            return bytes;
        }
    }

    /// <summary>The oldest line that was sent has its answer; it keeps its room until it is settled.</summary>
    /// <returns>The line; null where none waits for one.</returns>
    public OutgoingLine? Answered()
    {
        lock (_gate)
        {
            if (_lines.First is not { } first || first == _next)
            {
                return null;
            }

            _lines.RemoveFirst();
            return first.Value;
        }
    }

    /// <summary>
    /// A line was refused for the time being: it goes out before all that has not been sent yet, and with others of its kind in the order
    /// in which they were given.
    /// </summary>
    public void SendAgain(OutgoingLine line)
    {
        lock (_gate)
        {
            line.IsSentAgain = true;
            Insert(line);
            _unsent.Set();
        }
    }

    /// <summary>Whoever waited for the answer has it: there is room again.</summary>
    public void Settled(OutgoingLine line)
    {
        lock (_gate)
        {
            Weigh(line, -1);
            WakeWaiters();
            if (_events == 0)
            {
                _empty?.TrySetResult();
                _empty = null;
            }
        }
    }

    /// <summary>The connection has ended: all that has no answer is to be sent again, in order.</summary>
    /// <returns>How many lines had been sent in vain.</returns>
    public int Rewind()
    {
        lock (_gate)
        {
            var (sent, isSent) = (0, true);
            for (var node = _lines.First; node is not null;)
            {
                var (line, following) = (node.Value, node.Next);
                isSent &= node != _next;
                line.IsSentAgain = false;
                if (line.Event is null)
                {
                    _lines.Remove(node);
                }
                else if (isSent)
                {
                    sent++;
                }

                node = following;
            }

            _next = _lines.First;
            if (_next is not null)
            {
                _unsent.Set();
            }

            return sent;
        }
    }

    /// <summary>The publisher has ended.</summary>
    /// <returns>All that has no answer.</returns>
    public IReadOnlyList<OutgoingLine> Fail(Exception failure)
    {
        lock (_gate)
        {
            _failure ??= failure;
            OutgoingLine[] left = [.. _lines];
            _lines.Clear();
            _next = null;
            (_events, _bytes) = (0, 0);
            WakeWaiters();
            _empty?.TrySetResult();
            return left;
        }
    }

    /// <summary>Completes when nothing waits for an answer.</summary>
    public Task WhenEmptyAsync()
    {
        lock (_gate)
        {
            if (_events == 0)
            {
                return Task.CompletedTask;
            }

            _empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _empty.Task;
        }
    }

    private void Append(OutgoingLine line)
    {
        line.Place = ++_lastPlace;
        var node = _lines.AddLast(line);
        _next ??= node;
        Weigh(line, 1);
        _unsent.Set();
    }

    private void Insert(OutgoingLine line)
    {
        var before = _next;
        while (line.IsSentAgain && before is { Value: var next }
            && (next.Event is null || (next.IsSentAgain && next.Place < line.Place)))
        {
            before = before.Next;
        }

        var node = before is null ? _lines.AddLast(line) : _lines.AddBefore(before, line);
        _next = before == _next ? node : _next;
    }

    private void Weigh(OutgoingLine line, int sign)
    {
        if (line.Event is not null)
        {
            _events += sign;
            _bytes += sign * (long)line.Bytes.Length;
        }
    }

    private void WakeWaiters()
    {
        _room?.TrySetResult();
        _room = null;
    }
}
