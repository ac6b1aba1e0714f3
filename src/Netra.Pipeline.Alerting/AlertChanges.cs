namespace Netra.Pipeline.Alerting;

/// <summary>What one step of the engine has changed: it is stored as one, and then told. Not thread-safe.</summary>
internal sealed class AlertChanges
{
    private readonly Dictionary<(DocumentKind Kind, string Id), string?> _documents = [];
    private readonly List<AlertHistoryEntry> _history = [];
    private readonly List<AuditRecord> _audit = [];
    private readonly List<OutboxEntry> _notifications = [];

    /// <summary>Documents as they are now; null for one that is gone.</summary>
    public IReadOnlyDictionary<(DocumentKind Kind, string Id), string?> Documents => _documents;

    /// <summary>What is to be added to the history, without numbers yet.</summary>
    public IReadOnlyList<AlertHistoryEntry> History => _history;

    /// <summary>What is to be added to the audit, without numbers yet.</summary>
    public IReadOnlyList<AuditRecord> Audit => _audit;

    /// <summary>What is to be told.</summary>
    public IReadOnlyList<OutboxEntry> Notifications => _notifications;

    public bool IsEmpty => _documents.Count == 0 && _history.Count == 0 && _audit.Count == 0 && _notifications.Count == 0;

    public void Save<T>(DocumentKind kind, string id, T value) => _documents[(kind, id)] = AlertJson.Write(value);

    public void Delete(DocumentKind kind, string id) => _documents[(kind, id)] = null;

    public void Remember(DateTimeOffset at, string what, string? alertId, string? name, string detail) => _history.Add(new AlertHistoryEntry(0, at, what, alertId, name, detail));

    public void Record(AuditRecord record) => _audit.Add(record);

    /// <summary>Keeps a notification until it is told, and has it told.</summary>
    public void Tell(OutboxEntry entry)
    {
        if (!entry.IsOnce)
        {
            Save(DocumentKind.Outbox, entry.Notification.Id, entry);
        }

        _notifications.Add(entry);
    }

    /// <summary>Takes later changes on top of these.</summary>
    /// <param name="later">The later changes.</param>
    /// <param name="maxEntries">How many entries of history and audit are held; above it the oldest go.</param>
    /// <returns>How many entries have gone.</returns>
    public int Merge(AlertChanges later, int maxEntries)
    {
        foreach (var (key, value) in later._documents)
        {
            _documents[key] = value;
        }

        _history.AddRange(later._history);
        _audit.AddRange(later._audit);
        _notifications.AddRange(later._notifications);
        return Trim(_history, maxEntries) + Trim(_audit, maxEntries);
    }

    /// <summary>Forgets what is told: it is told only once, even if it could not be stored.</summary>
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
