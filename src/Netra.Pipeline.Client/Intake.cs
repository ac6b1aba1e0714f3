using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>
/// The numbered side of one connection: what it brings is in order, without a hole and without a repetition, or it ends. For the one task
/// that
/// reads it.
/// </summary>
internal sealed class Intake
{
    /// <summary>How long reading may pause for an application that hardly moves: pings wait behind it.</summary>
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(5);

    private readonly ClientConnection _connection;
    private readonly ClientParts _parts;
    private readonly MessageReceiver _receiver;
    private readonly Acknowledger _acknowledger;
    private readonly int _generation;
    private readonly long _target;
    private long _highest;
    private bool _isCaughtUp;
    private volatile bool _isBehind;
    private (long At, long Frames)? _fullSince;
    private long _frames;

    /// <param name="connection">The connection.</param>
    /// <param name="parts">What it shares with others of its client.</param>
    /// <param name="receiver">Where it hears from.</param>
    /// <param name="acknowledger">What acknowledges on it.</param>
    /// <param name="after">The number that it goes on after.</param>
    /// <param name="head">The last number that there was when it began.</param>
    public Intake(
        ClientConnection connection, ClientParts parts, MessageReceiver receiver, Acknowledger acknowledger, long after, long head)
    {
        (_connection, _parts, _receiver, _acknowledger, _highest, _target) = (connection, parts, receiver, acknowledger, after, head);
        _generation = parts.Progress.Generation;
    }

    /// <summary>Whether events are left to the server until the application has handled those that wait.</summary>
    public bool IsBehind => _isBehind;

    /// <summary>Begins, with word of another history where there is one.</summary>
    public void Begin(bool isReset)
    {
        if (isReset)
        {
            _parts.Inbox.Add(Item(InboxItemKind.Reset));
        }

        CatchUp();
    }

    /// <summary>Takes an event.</summary>
    /// <returns>How the connection ends by it; null where it goes on.</returns>
    public ValueTask<ConnectionEnd?> AddAsync(EventMessage message, string? problem, int bytes, CancellationToken cancellationToken)
    {
        _acknowledger.Told(message.Seq);
        _frames++;
        if (message.Seq <= _highest)
        {
            _parts.Metrics.Dropped();
            if (message.EventType is { } type && EventTypes.IsCritical(type) && message.Seq <= _parts.Progress.Position)
            {
                _acknowledger.Repeat();
            }

            return default;
        }

        var item = Item(InboxItemKind.Event, bytes) with { Event = message, Problem = problem };
        return AddAsync(item, message.FromSeq ?? message.Seq, message.Seq, cancellationToken);
    }

    /// <inheritdoc cref="AddAsync(EventMessage, string?, int, CancellationToken)"/>
    public ValueTask<ConnectionEnd?> AddAsync(GapMessage gap, CancellationToken cancellationToken)
    {
        // With replay they are coming, right after it, as any other events.
        if (gap.Replay || gap.To <= _highest)
        {
            return default;
        }

        _acknowledger.Told(gap.To);
        return AddAsync(Item(InboxItemKind.Gap) with { Gap = gap }, Math.Min(gap.From, _highest + 1), gap.To, cancellationToken);
    }

    private async ValueTask<ConnectionEnd?> AddAsync(InboxItem item, long first, long last, CancellationToken cancellationToken)
    {
        if (_isBehind)
        {
            return null;
        }

        if (first != _highest + 1)
        {
            // Resuming asks for what is missing, in order, with what follows it.
            return _connection.Fault(CloseCodes.Unrepaired, $"event {first} after {_highest}");
        }

        if (await TryAddAsync(item, cancellationToken))
        {
            _highest = last;
            CatchUp();
        }
        else if (!cancellationToken.IsCancellationRequested)
        {
            FallBehind();
        }

        return null;
    }

    // Reading pauses, and the server holds what is to come, for as long as the application moves on. Where it hardly does, pings behind
    // what
    // waits would not be answered in time, and a client that is there would be taken for dead: then events are left to the server.
    private async ValueTask<bool> TryAddAsync(InboxItem item, CancellationToken cancellationToken)
    {
        var (inbox, options) = (_parts.Inbox, _parts.Options);
        while (!inbox.TryAdd(item))
        {
            _fullSince ??= (options.Time.GetTimestamp(), _frames);
            var left = LongestRest - options.Time.GetElapsedTime(_fullSince.Value.At);
            if (left <= TimeSpan.Zero)
            {
                if (_frames - _fullSince.Value.Frames < Math.Max(1, options.InboxEvents / 4))
                {
                    return false;
                }

                _fullSince = null;
                continue;
            }

            _receiver.IsResting = true;
            try
            {
                await inbox.WaitForRoomAsync(left, options.Time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return false;
            }
            finally
            {
                _receiver.IsResting = false;
            }
        }

        if (_fullSince is not null && inbox.Count < options.InboxEvents / 2)
        {
            _fullSince = null;
        }

        return true;
    }

    private void FallBehind()
    {
        var waiting = _parts.Inbox.Count;
        _isBehind = true;
        _parts.Log.Behind(waiting);
        _parts.SetState(new ClientState(
            ClientStatus.Recovering, $"the application hardly moves, and {waiting} events wait for it (InboxEvents, InboxBytes)"));
        if (_parts.Inbox.Count == 0)
        {
            // It has moved after all, and has not seen that it was behind.
            _connection.FetchLeft();
        }
    }

    private void CatchUp()
    {
        if (!_isCaughtUp && _highest >= _target)
        {
            _isCaughtUp = true;
            _parts.Inbox.Add(Item(InboxItemKind.CaughtUp));
        }
    }

    private InboxItem Item(InboxItemKind kind, int bytes = 0)
        => new(kind, _connection, _generation, _parts.Options.Time.GetTimestamp(), bytes);
}
