using System.Collections.Concurrent;

namespace Netra.Pipeline.Client.Publishing;

/// <summary>
/// The runs that a publisher publishes, by name: whom commands are for, and whose leases are to be renewed. Safe for any number of threads.
/// </summary>
internal sealed class RunRegistry
{
    private readonly ConcurrentDictionary<(string? Tenant, string User, string Thread, string Run), RemoteRun> _runs = new();

    /// <summary>All of them.</summary>
    public IEnumerable<RemoteRun> All => _runs.Values;

    /// <summary>Those that the server knows, and that have not ended.</summary>
    public IEnumerable<RemoteRun> Open => _runs.Values.Where(static run => run.IsOpen);

    /// <exception cref="InvalidOperationException">There is one of that name.</exception>
    public void Add(RemoteRun run)
    {
        if (!_runs.TryAdd(KeyOf(run), run))
        {
            throw new InvalidOperationException($"Run '{run.RunId}' of thread '{run.ThreadId}' is published already by this publisher.");
        }
    }

    public void Remove(RemoteRun run) => _runs.TryRemove(new(KeyOf(run), run));

    /// <summary>The run of a command; null where this publisher has none of that name.</summary>
    public RemoteRun? Find(PublisherCommand command, string runId)
        => _runs.TryGetValue((command.TenantId, command.UserId, command.ThreadId, runId), out var run) ? run
            : command.TenantId is not null && _runs.TryGetValue((null, command.UserId, command.ThreadId, runId), out run) ? run : null;

    private static (string? Tenant, string User, string Thread, string Run) KeyOf(RemoteRun run)
        => (run.TenantId, run.UserId, run.ThreadId, run.RunId);
}
