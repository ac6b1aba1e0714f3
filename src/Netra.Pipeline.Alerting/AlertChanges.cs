namespace Netra.Pipeline.Alerting;

/// <summary>
/// The changes of one step of alerting. They are stored in one transaction, and then their notifications are sent. Not thread-safe.
/// </summary>
internal sealed class AlertChanges
{
    private readonly Dictionary<(DocumentKind Kind, string Id), string?> _documents = [];
    private readonly List<AlertHistoryEntry> _history = [];
    private readonly List<AuditRecord> _operatorActions = [];
    private readonly List<OutboxEntry> _notifications = [];

    /// <summary>Documents in their new state; null for one that is removed.</summary>
    public IReadOnlyDictionary<(DocumentKind Kind, string Id), string?> Documents => _documents;

    /// <summary>New entries of the history, without numbers yet.</summary>
    public IReadOnlyList<AlertHistoryEntry> History => _history;

    /// <summary>New actions of operators, without numbers yet.</summary>
    public IReadOnlyList<AuditRecord> OperatorActions => _operatorActions;

    /// <summary>New notifications.</summary>
    public IReadOnlyList<OutboxEntry> Notifications => _notifications;

    public bool IsEmpty => _documents.Count == 0 && _history.Count == 0 && _operatorActions.Count == 0 && _notifications.Count == 0;

    public void Save<T>(DocumentKind kind, string id, T value) => _documents[(kind, id)] = AlertJson.Write(value);

    public void Delete(DocumentKind kind, string id) => _documents[(kind, id)] = null;

    public void AddHistory(DateTimeOffset at, string what, string? alertId, string? name, string detail)
        => _history.Add(new AlertHistoryEntry(0, at, what, alertId, name, detail));

    public void AddOperatorAction(AuditRecord record) => _operatorActions.Add(record);

    /// <summary>Sends a notification after the changes are stored. It is stored itself until it has been sent.</summary>
    public void Send(OutboxEntry entry)
    {
        if (!entry.IsOnce)
        {
            Save(DocumentKind.Outbox, entry.Notification.Id, entry);
        }

        _notifications.Add(entry);
    }

    /// <summary>Adds later changes to these.</summary>
    /// <param name="later">The later changes.</param>
    /// <param name="maxEntries">
    /// How many entries of the history, and how many operators' actions, are held; above it the oldest are dropped.
    /// </param>
    /// <returns>How many were dropped.</returns>
    public int Merge(AlertChanges later, int maxEntries)
    {
        foreach (var (key, value) in later._documents)
        {
            _documents[key] = value;
        }

        _history.AddRange(later._history);
        _operatorActions.AddRange(later._operatorActions);
        _notifications.AddRange(later._notifications);
        return Trim(_history, maxEntries) + Trim(_operatorActions, maxEntries);
    }

    /// <summary>Takes the notifications out, since each is sent once, even if the changes could not be stored.</summary>
    public IReadOnlyList<OutboxEntry> TakeNotifications()
    {
        OutboxEntry[] taken = [.. _notifications];
        _notifications.Clear();
        return taken;
    }

    private static int Trim<T>(List<T> list, int max)
    {
        var surplus = Math.Max(0, list.Count - max);
        list.RemoveRange(0, surplus);
        return surplus;
    }
}
