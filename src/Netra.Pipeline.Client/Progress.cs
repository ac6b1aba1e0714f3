using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>
/// How far the application has come (docs/protocol.md, section 4.1). Events are handled one after the other in the order of their numbers,
/// so that all of it is one number: everything up to it is handled, nothing above it is. Safe for any number of threads.
/// </summary>
internal sealed class Progress
{
    private readonly Lock _gate = new();
    private ResumePoint? _point;
    private int _generation;
    private bool _isBusy;

    /// <summary>Where the next connection goes on; null where the client has no past.</summary>
    public ResumePoint? Point
    {
        get
        {
            lock (_gate)
            {
                return _point;
            }
        }
    }

    /// <summary>The last number that is handled.</summary>
    public long Position => Point?.Seq ?? 0;

    /// <summary>Which history it is; an event of an earlier one counts no more.</summary>
    public int Generation
    {
        get
        {
            lock (_gate)
            {
                return _generation;
            }
        }
    }

    /// <summary>Whether the application is at an event: how much of what comes it will have handled is not known.</summary>
    public bool IsBusy
    {
        get
        {
            lock (_gate)
            {
                return _isBusy;
            }
        }
    }

    public void Restore(ResumePoint point)
    {
        lock (_gate)
        {
            _point = point;
        }
    }

    /// <summary>A connection begins.</summary>
    /// <returns>Whether there was a past, and it is over.</returns>
    public bool Begin(WelcomeMessage welcome)
    {
        lock (_gate)
        {
            if (_point is not null && welcome.Resumed)
            {
                _point = _point with { Epoch = welcome.Epoch, From = welcome.From };
                return false;
            }

            var hadPast = _point is not null;
            _point = new ResumePoint(welcome.Epoch, welcome.From, welcome.From);
            _generation++;
            return hadPast;
        }
    }

    /// <summary>The application begins with an event.</summary>
    /// <returns>Whether it is to: false where it has handled it, or where it belongs to another history.</returns>
    public bool TryBegin(int generation, long seq)
    {
        lock (_gate)
        {
            _isBusy = generation == _generation && seq > _point!.Seq;
            return _isBusy;
        }
    }

    /// <summary>The application has handled an event, or passed over numbers that will not come.</summary>
    public void Settle(int generation, long seq)
    {
        lock (_gate)
        {
            _isBusy = false;
            if (generation == _generation && seq > _point!.Seq)
            {
                _point = _point with { Seq = seq };
            }
        }
    }

    /// <summary>The application has left an event without having handled it.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _isBusy = false;
        }
    }
}
