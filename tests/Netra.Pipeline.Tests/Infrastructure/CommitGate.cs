namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>Lets the commits of one stream through, or keeps the highest until it may go. The callback is never called under the lock, since it takes the stream's.</summary>
internal sealed class CommitGate(Action<long> committed)
{
    private readonly Lock _gate = new();
    private long _latest;
    private long _committed;
    private bool _held;

    public long Committed
    {
        get
        {
            lock (_gate)
            {
                return _committed;
            }
        }

        set
        {
            lock (_gate)
            {
                _committed = _latest = value;
            }
        }
    }

    public bool IsHeld
    {
        get
        {
            lock (_gate)
            {
                return _held;
            }
        }

        set
        {
            lock (_gate)
            {
                _held = value;
            }

            Pass();
        }
    }

    public void OnCommitted(long seq)
    {
        lock (_gate)
        {
            _latest = seq;
        }

        Pass();
    }

    private void Pass()
    {
        long seq;
        lock (_gate)
        {
            if (_held || _committed == _latest)
            {
                return;
            }

            seq = _committed = _latest;
        }

        committed(seq);
    }
}
