using System.Globalization;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

// What happens where there is no room: the log is full or cannot store for the moment, or a connection's queue is full and the emitter
// wants to wait for it. Nobody waits under a lock, and nothing is numbered meanwhile.
public sealed partial class EventEmitter
{
    private EmissionQueue? _queue;

    private ValueTask<EventReceipt> SendAsync(in PendingEvent pending, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _queue) is { IsEmpty: false })
        {
            return WaitAndSendAsync(pending, cancellationToken);
        }

        var outcome = Append(pending, hasRoom: false);
        return LimitOf(outcome) > TimeSpan.Zero
            ? WaitAndSendAsync(pending, cancellationToken)
            : ValueTask.FromResult(Conclude(pending, outcome));
    }

    private AppendOutcome Append(in PendingEvent pending, bool hasRoom)
        => _stream.Append(pending.Draft, pending.Run, _options.Overflow == OverflowBehavior.Wait, pending.Key, pending.IsUrgent, hasRoom);

    /// <summary>How long an event may wait after what it was answered; zero when that is final.</summary>
    private TimeSpan LimitOf(in AppendOutcome outcome) => outcome.Kind switch
    {
        AppendKind.NoRoom => _options.WaitTimeout,
        AppendKind.LogFull => _roomTimeout,

        // One that has failed for good, or that threw, has no trouble that may pass.
        AppendKind.LogFailed when outcome.Fault is null && _services.Log.Trouble is not null => _roomTimeout,
        _ => TimeSpan.Zero,
    };

    private async ValueTask<EventReceipt> WaitAndSendAsync(PendingEvent pending, CancellationToken cancellationToken)
    {
        var bytes = pending.Draft.LengthAt(ProtocolConstants.MaxSeq);
        if (!_services.Waits.TryEnter(bytes))
        {
            _services.Waits.Refused.Add();
            throw Refused(pending.Draft.Type, SendFailureException.TooManyWait(Scope(pending.Draft.Type), _services.Waits.Limit));
        }

        // Whoever tries to say something is alive, however it ends: the run is not to be called quiet for what it waits for.
        // A dead letter counts in no run.
        var isOfRun = pending.Run is not null && !_options.IsOfServer;
        if (isOfRun)
        {
            _services.Runs.BeginRequest(_life);
        }

        var queue = Volatile.Read(ref _queue) ?? Interlocked.CompareExchange(ref _queue, new EmissionQueue(), null) ?? _queue;
        var node = queue.Enter();
        var begun = _services.Served.GetTimestamp();
        try
        {
            await EndedBy(node.Value.Task, Timeout.InfiniteTimeSpan, pending, cancellationToken);
            return await SendFirstAsync(pending, bytes, begun, cancellationToken);
        }
        finally
        {
            queue.Leave(node);
            _services.Waits.Leave(bytes);
            if (isOfRun)
            {
                _services.Runs.EndRequest(_life, isBroken: false);
            }
        }
    }

    private async ValueTask<EventReceipt> SendFirstAsync(PendingEvent pending, int bytes, long begun, CancellationToken cancellationToken)
    {
        var type = pending.Draft.Type;
        var outcome = Append(pending, hasRoom: false);
        var cameAtOnce = 0;
        while (LimitOf(outcome) is var limit && limit > TimeSpan.Zero)
        {
            var left = limit - _services.Served.GetElapsedTime(begun);
            if (left <= TimeSpan.Zero)
            {
                throw WaitedInVain(pending, outcome, limit);
            }

            var isForLog = outcome.Kind != AppendKind.NoRoom;
            var room = isForLog
                ? WaitForRoomAsync(pending, bytes, left, cancellationToken)
                : WaitForConnectionsAsync(pending, left, cancellationToken);
            cameAtOnce = isForLog && room.IsCompleted ? cameAtOnce + 1 : 0;
            using (var kept = await room)
            {
                // The pipeline may have stopped meanwhile, or be in an emergency. Its age as an event delivered begins when it is accepted.
                Ensure(type);
                pending = pending with { Draft = pending.Draft.AcceptedAgainAt(_services.Time.GetUtcNow(), _services.Served.GetTimestamp()) };
                outcome = Append(pending, hasRoom: kept is not null);
            }

            if (cameAtOnce > 1 && outcome.Kind is AppendKind.LogFull or AppendKind.LogFailed)
            {
                // There is nothing to wait for: it can never hold so much, has ended, or does not say when it has room. Trouble may begin
                // between a wait and the append once, but not twice.
                break;
            }
        }

        return Conclude(pending, outcome);
    }

    private async ValueTask<IDisposable?> WaitForRoomAsync(
        PendingEvent pending, int bytes, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(timeout, _services.Time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken, _services.Bridge.WaitsEnded);
        try
        {
            return await _stream.Storage.WaitForRoomAsync(bytes, any.Token);
        }
        catch (OperationCanceledException)
        {
            EnsureStillWaiting(pending, cancellationToken);
            return null;
        }
    }

    private async ValueTask<IDisposable?> WaitForConnectionsAsync(
        PendingEvent pending, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await EndedBy(_stream.Subscribers.WaitForRoomAsync(pending.Draft), timeout, pending, cancellationToken);
        return null;
    }

    // Returns as well when the time is over: whoever waits looks at the clock.
    private async ValueTask EndedBy(Task task, TimeSpan timeout, PendingEvent pending, CancellationToken cancellationToken)
    {
        if (task.IsCompletedSuccessfully)
        {
            return;
        }

        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _services.Bridge.WaitsEnded);
        try
        {
            await task.WaitAsync(timeout, _services.Time, any.Token);
        }
        catch (TimeoutException)
        {
            // As said above.
        }
        catch (OperationCanceledException)
        {
            EnsureStillWaiting(pending, cancellationToken);
        }
    }

    private void EnsureStillWaiting(in PendingEvent pending, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_services.Bridge.WaitsEnded.IsCancellationRequested)
        {
            Ensure(pending.Draft.Type);
            throw Refused(pending.Draft.Type, BridgeUnavailableException.Draining(Scope(pending.Draft.Type)));
        }
    }

    private PipelineException WaitedInVain(in PendingEvent pending, in AppendOutcome outcome, TimeSpan limit)
    {
        var type = pending.Draft.Type;
        if (outcome.Kind == AppendKind.NoRoom)
        {
            return Refused(type, BufferOverflowException.WaitTimedOut(Scope(type), limit, _stream.Subscribers.WithoutRoom(pending.Draft)));
        }

        _services.Waits.Refused.Add();
        return Refused(type, outcome.Kind == AppendKind.LogFull
            ? SendFailureException.LogFull(Scope(type), _services.Log.Bound, limit)
            : SendFailureException.LogFailed(
                Scope(type),
                string.Create(CultureInfo.InvariantCulture, $"it takes nothing until it recovers, and has not within {limit.TotalSeconds:0.###} s")));
    }
}
