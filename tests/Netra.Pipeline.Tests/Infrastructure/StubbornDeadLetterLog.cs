using Microsoft.Extensions.Options;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// An in-memory log that fails where a test says so when dead letters are listed or settled, as one does whose process ends there.
/// </summary>
internal sealed class StubbornDeadLetterLog : DelegatingEventLog
{
    private readonly Letters _letters;

    public StubbornDeadLetterLog(IOptions<InMemoryEventLogOptions> options, TimeProvider time)
        : base(new InMemoryEventLog(options, time)) => _letters = new Letters(base.DeadLetters, this);

    /// <summary>What settling raises, once.</summary>
    public Exception? SettleFault { get; set; }

    /// <summary>What listing raises, once so many lists have been given.</summary>
    public Exception? ListFault { get; set; }

    /// <summary>After how many lists.</summary>
    public int ListsBeforeFault { get; set; }

    public override IDeadLetterStore DeadLetters => _letters;

    private sealed class Letters(IDeadLetterStore letters, StubbornDeadLetterLog log) : IDeadLetterStore
    {
        public ValueTask<IReadOnlyList<DeadLetter>> AddAsync(
            StreamLease lease, IReadOnlyList<long> seqs, int attempts, DateTimeOffset at, CancellationToken cancellationToken)
            => letters.AddAsync(lease, seqs, attempts, at, cancellationToken);

        public ValueTask<IReadOnlyList<DeadLetter>> ListAsync(DeadLetterQuery query, CancellationToken cancellationToken)
            => log.ListFault is { } fault && log.ListsBeforeFault-- == 0 ? throw fault : letters.ListAsync(query, cancellationToken);

        public ValueTask<DeadLetter?> FindAsync(long number, CancellationToken cancellationToken)
            => letters.FindAsync(number, cancellationToken);

        public ValueTask<bool> TrySettleAsync(long number, DeadLetterState state, string? replayedAs, CancellationToken cancellationToken)
        {
            if (log.SettleFault is { } fault)
            {
                log.SettleFault = null;
                throw fault;
            }

            return letters.TrySettleAsync(number, state, replayedAs, cancellationToken);
        }

        public ValueTask SettleAcknowledgedAsync(StreamLease lease, IReadOnlyList<long> seqs, CancellationToken cancellationToken)
            => letters.SettleAcknowledgedAsync(lease, seqs, cancellationToken);

        public ValueTask SetWebhookAsync(long number, WebhookState state, CancellationToken cancellationToken)
            => letters.SetWebhookAsync(number, state, cancellationToken);

        public ValueTask<long> ExpireAsync(DateTimeOffset olderThan, int keep, CancellationToken cancellationToken)
            => letters.ExpireAsync(olderThan, keep, cancellationToken);
    }
}
