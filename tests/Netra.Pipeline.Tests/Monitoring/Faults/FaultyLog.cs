using Microsoft.Extensions.Options;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Faults;

/// <summary>A log that fails as a test says.</summary>
internal sealed class FaultyLog(IOptions<InMemoryEventLogOptions> options, TimeProvider time)
    : DelegatingEventLog(new InMemoryEventLog(options, time))
{
    public override string? Trouble => InTrouble ?? base.Trouble;

    /// <summary>Why it stores nothing.</summary>
    public string? InTrouble { get; set; }

    public override string? LostFiles => Lost ?? base.LostFiles;

    /// <summary>Which files are not at their paths any more.</summary>
    public string? Lost { get; set; }

    /// <summary>What an append of a user is answered with instead of being taken; null for taking it.</summary>
    public Func<string, AppendResult?> Answer { get; set; } = static _ => null;

    /// <summary>What an append of a user throws.</summary>
    public Func<string, Exception?> AppendFault { get; set; } = static _ => null;

    public Exception? ReadFault { get; set; }

    public Exception? ExpireFault { get; set; }

    /// <summary>What deleting old events waits for first.</summary>
    public Task ExpireHang { get; set; } = Task.CompletedTask;

    /// <summary>What the writer says instead of the number of events that it stored.</summary>
    public Func<int, int> Committed { get; set; } = static events => events;

    public override AppendResult TryAppend(StreamLease lease, in LogEntry entry)
        => AppendFault(lease.UserId) is { } fault ? throw fault : Answer(lease.UserId) ?? base.TryAppend(lease, entry);

    public override async ValueTask<IDisposable> WaitForRoomAsync(StreamLease lease, int bytes, CancellationToken cancellationToken)
    {
        if (Answer(lease.UserId) == AppendResult.Full)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }

        return await base.WaitForRoomAsync(lease, bytes, cancellationToken);
    }

    public override ValueTask<EventPage> ReadPageAsync(StreamLease lease, SeqRange range, int maxBytes, CancellationToken cancellationToken)
        => ReadFault is { } fault ? throw fault : base.ReadPageAsync(lease, range, maxBytes, cancellationToken);

    public override async ValueTask<IReadOnlyList<ExpiredRange>> ExpireAsync(DateTimeOffset olderThan, CancellationToken cancellationToken)
    {
        await ExpireHang;
        return ExpireFault is { } fault ? throw fault : await base.ExpireAsync(olderThan, cancellationToken);
    }

    public override ValueTask<StreamLease> OpenAsync(
        string userId, Func<StreamLease, IStreamOwner> own, CancellationToken cancellationToken)
        => base.OpenAsync(userId, lease => new ToldOwner(this, own(lease)), cancellationToken);

    private sealed class ToldOwner(FaultyLog log, IStreamOwner owner) : IStreamOwner
    {
        public void OnCommitted(long through, int events) => owner.OnCommitted(through, log.Committed(events));

        public IReadOnlyList<SeqRange> ReadAcknowledged() => owner.ReadAcknowledged();

        public IReadOnlyList<SeqRange> OnExpiring(SeqRange range) => owner.OnExpiring(range);

        public void OnExpired(in ExpiredRange expired) => owner.OnExpired(expired);

        public void OnAbandoned(Exception cause) => owner.OnAbandoned(cause);
    }
}
