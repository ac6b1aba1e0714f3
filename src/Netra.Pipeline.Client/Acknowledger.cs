namespace Netra.Pipeline.Client;

/// <summary>
/// Decides when the server hears how far the application has come (docs/protocol.md, section 4.3), on one connection; the place is kept
/// before that. Safe for any number of threads: the lock guards the counts, and one at a time keeps and sends, which is the loop, or the
/// goodbye.
/// </summary>
internal sealed class Acknowledger : IDisposable
{
    private readonly Progress _progress;
    private readonly IResumeStore? _store;
    private readonly Outbox _outbox;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Signal _signal = new();
    private readonly ITimer _timer;
    private readonly TimeSpan _interval;
    private readonly int _every;
    private long _told;
    private long _last;
    private long _kept;
    private long _pending;
    private bool _isRepeat;

    /// <param name="progress">How far the application has come.</param>
    /// <param name="store">Where that is kept, if it is.</param>
    /// <param name="outbox">Where acknowledgements go.</param>
    /// <param name="time">The clock.</param>
    /// <param name="told">The last number that this connection knows to be the client's.</param>
    /// <param name="interval">How long handled events may wait.</param>
    /// <param name="every">How many may.</param>
    public Acknowledger(
        Progress progress, IResumeStore? store, Outbox outbox, TimeProvider time, long told, TimeSpan interval, int every)
    {
        (_progress, _store, _outbox, _interval, _every) = (progress, store, outbox, interval, every);
        (_told, _last, _kept) = (told, told, told);
        _timer = time.CreateTimer(
            static self => ((Acknowledger)self!)._signal.Set(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The connection has led up to a number: to acknowledge more than that would be an offence.</summary>
    public void Told(long seq)
    {
        lock (_gate)
        {
            _told = Math.Max(_told, seq);
        }
    }

    /// <summary>The application has handled a frame.</summary>
    public void Handled(bool isCritical, long events)
    {
        lock (_gate)
        {
            var begins = _pending == 0;
            _pending += events;
            if (isCritical || _pending >= _every)
            {
                _signal.Set();
            }
            else if (begins)
            {
                _timer.Change(_interval, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>The server has repeated what is handled, so it has not heard of it.</summary>
    public void Repeat()
    {
        lock (_gate)
        {
            _isRepeat = true;
            _signal.Set();
        }
    }

    /// <summary>The number that a due pong carries.</summary>
    public long Carry()
    {
        lock (_gate)
        {
            return _store is null ? Position : Math.Min(_kept, Position);
        }
    }

    /// <summary>Keeps and sends whenever it is due.</summary>
    /// <exception cref="Exception">What the store has thrown.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await _signal.WaitAsync(cancellationToken);
                await SendAsync(cancellationToken);
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                // The connection has ended, and what the store was about with it, in whatever words. It is kept when it is due again.
                return;
            }
        }
    }

    /// <summary>Keeps and sends what is handled, now, when nobody else does.</summary>
    /// <exception cref="Exception">What the store has thrown.</exception>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await SendInTurnAsync(cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _turn.Dispose();
    }

    private long Position => Math.Min(_progress.Position, _told);

    private async Task SendInTurnAsync(CancellationToken cancellationToken)
    {
        long seq;
        lock (_gate)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            seq = Position;
            _pending = 0;
            if (seq <= _last && !_isRepeat)
            {
                return;
            }

            _isRepeat = false;
            _last = Math.Max(_last, seq);
        }

        if (_store is not null && _progress.Point is { } point)
        {
            await _store.SaveAsync(point, cancellationToken);
            lock (_gate)
            {
                _kept = Math.Max(_kept, point.Seq);
            }
        }

        _outbox.Acknowledge(seq);
    }
}
