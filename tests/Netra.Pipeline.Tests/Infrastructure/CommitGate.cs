using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// An owner between a log and a stream: lets commits through, or keeps them until they may go. The owner is never called under
/// the lock, since it takes the stream's.
/// </summary>
internal sealed class CommitGate(IStreamOwner owner, long committed) : IStreamOwner
{
    private readonly Lock _gate = new();
    private long _latest = committed;
    private long _committed = committed;
    private int _events;
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

    public void OnCommitted(long through, int events)
    {
        lock (_gate)
        {
            _latest = through;
            _events += events;
        }

        Pass();
    }

    public IReadOnlyList<SeqRange> ReadAcknowledged() => owner.ReadAcknowledged();

    public IReadOnlyList<SeqRange> OnExpiring(SeqRange range) => owner.OnExpiring(range);

    public void OnExpired(in ExpiredRange expired) => owner.OnExpired(expired);

    public void OnAbandoned(Exception cause) => owner.OnAbandoned(cause);

    private void Pass()
    {
        long through;
        int events;
        lock (_gate)
        {
            if (_held || _committed == _latest)
            {
                return;
            }

            (through, events) = (_committed = _latest, _events);
            _events = 0;
        }

        owner.OnCommitted(through, events);
    }
}
