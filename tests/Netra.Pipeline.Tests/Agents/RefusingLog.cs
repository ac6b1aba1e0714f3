using Microsoft.Extensions.Options;
using Netra.Pipeline.Log;

namespace Netra.Pipeline.Tests.Agents;

/// <summary>The in-memory log, full for those events that the test says.</summary>
internal sealed class RefusingLog(Scripts scripts, IOptions<InMemoryEventLogOptions> options) : IEventLog
{
    private readonly InMemoryEventLog _log = new(options);

    public string Epoch => _log.Epoch;

    public string Bound => "nothing that this test refuses";

    public ValueTask StartAsync(CancellationToken cancellationToken) => _log.StartAsync(cancellationToken);

    public ValueTask<StreamLease> OpenAsync(string userId, Action<long> committed, CancellationToken cancellationToken) =>
        _log.OpenAsync(userId, committed, cancellationToken);

    public ValueTask ReleaseAsync(StreamLease lease, IReadOnlyList<SeqRange> acknowledged, CancellationToken cancellationToken) =>
        _log.ReleaseAsync(lease, acknowledged, cancellationToken);

    public AppendResult TryAppend(StreamLease lease, in LogEntry entry) =>
        scripts.LogRefuses(entry.Type) ? AppendResult.Full : _log.TryAppend(lease, entry);

    public ValueTask<EventPage> ReadPageAsync(StreamLease lease, SeqRange range, int maxBytes, CancellationToken cancellationToken) =>
        _log.ReadPageAsync(lease, range, maxBytes, cancellationToken);

    public ValueTask<IReadOnlyList<ExpiredRange>> ExpireAsync(DateTimeOffset olderThan, CancellationToken cancellationToken) =>
        _log.ExpireAsync(olderThan, cancellationToken);

    public ValueTask DisposeAsync() => _log.DisposeAsync();
}
