using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>The application's side of reading: one event after the other, and what is told between them. For one task.</summary>
internal sealed class EventReader(
    EventClientOptions options,
    Progress progress,
    Inbox inbox,
    ClientLog log,
    ClientMetrics metrics,
    CurrentConnection current,
    Action<ClientState> setState)
{
    private readonly Completeness _completeness = new();
    private InboxItem _item;
    private AgentEvent? _event;
    private ClientConnection? _latest;
    private bool _isReturning;
    private bool _isComplete = true;
    private long _caughtUp;

    /// <summary>The next event; null when the application wants no more.</summary>
    public async ValueTask<AgentEvent?> NextAsync(CancellationToken stopping)
    {
        while (true)
        {
            if (current.Value is { IsBehind: true } connection && inbox.Count == 0)
            {
                connection.FetchLeft();
            }

            InboxItem? taken;
            try
            {
                taken = await inbox.TakeAsync(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return null;
            }

            if (taken is not { } item || stopping.IsCancellationRequested)
            {
                return null;
            }

            if (_latest != item.Connection)
            {
                (_latest, _isReturning, _caughtUp) = (item.Connection, item.Connection.HasPast, 0);
            }

            switch (item.Kind)
            {
                case InboxItemKind.Event when Begin(item) is { } next:
                    return next;
                case InboxItemKind.Gap:
                    Lose(item);
                    break;
                case InboxItemKind.Reset:
                    Reset();
                    break;
                case InboxItemKind.CaughtUp:
                    CatchUp();
                    break;
                default:
                    metrics.Dropped();
                    break;
            }
        }
    }

    /// <summary>The application has handled the event.</summary>
    public void Handled()
    {
        var handled = _event!;
        progress.Settle(_item.Generation, handled.Seq);
        var events = handled.Seq - handled.FirstSeq + 1;
        _caughtUp += events;
        metrics.Handled(handled.Message.Type, events, options.Time.GetElapsedTime(_item.ArrivedAt));
        var isCritical = handled.Message.EventType is { } type && EventTypes.IsCritical(type);
        if (_completeness.Handled(handled) is > 0 and var missing)
        {
            log.RunIncomplete(handled.ThreadId, handled.RunId, missing);
            options.RunIncomplete?.Invoke(new IncompleteRun(handled.ThreadId, handled.RunId, missing));
        }

        // The connection that it came on may have ended meanwhile.
        current.Value?.Handled(isCritical, events);
    }

    private AgentEvent? Begin(InboxItem item)
    {
        var message = item.Event!;
        if (!progress.TryBegin(item.Generation, message.Seq))
        {
            return null;
        }

        _item = item;
        _event = item.Problem is { } problem ? new MalformedEvent(message, problem) : Read(message);
        return _event;
    }

    private AgentEvent Read(EventMessage message)
    {
        try
        {
            return AgentEvent.From(message);
        }
        catch (ProtocolViolationException exception)
        {
            log.ServerFault(exception.Message);
            metrics.Fault();
            return new MalformedEvent(message, exception.Message);
        }
    }

    private void Lose(InboxItem item)
    {
        var gap = item.Gap!;
        if (gap.To <= progress.Position)
        {
            return;
        }

        _isComplete = false;
        _completeness.Lost(gap.To);
        var cause = GapCauses.WireName(gap.Cause);
        metrics.Lost(cause);
        log.EventsLost(gap.From, gap.To, cause, gap.Certain);
        options.EventsLost?.Invoke(new LostEvents(gap.From, gap.To, gap.Cause, gap.Certain));
        progress.Settle(item.Generation, gap.To);
        current.Value?.Handled(isCritical: false, events: 1);
    }

    private void Reset()
    {
        _isComplete = false;
        _completeness.Reset(progress.Position);
        log.HistoryReset();
        options.HistoryReset?.Invoke();
    }

    private void CatchUp()
    {
        setState(new ClientState(ClientStatus.Connected));
        if (_isReturning)
        {
            options.Recovered?.Invoke(new Recovery(_caughtUp, _isComplete));
        }

        (_isReturning, _isComplete) = (false, true);
    }
}
