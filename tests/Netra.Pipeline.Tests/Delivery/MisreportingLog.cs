using Microsoft.Extensions.Options;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Delivery;

/// <summary>A log whose stations lie as a test says: about what they stored, or what they deleted.</summary>
internal sealed class MisreportingLog(IOptions<InMemoryEventLogOptions> options, TimeProvider time)
    : DelegatingEventLog(new InMemoryEventLog(options, time))
{
    /// <summary>What the writer says instead of the number of events that it stored.</summary>
    public Func<int, int> Committed { get; set; } = static events => events;

    /// <summary>What retention says instead of what it deleted.</summary>
    public Func<ExpiredRange, ExpiredRange> Expired { get; set; } = static expired => expired;

    public override ValueTask<StreamLease> OpenAsync(
        string userId, Func<StreamLease, IStreamOwner> own, CancellationToken cancellationToken)
        => base.OpenAsync(userId, lease => new ToldOwner(this, own(lease)), cancellationToken);

    private sealed class ToldOwner(MisreportingLog log, IStreamOwner owner) : IStreamOwner
    {
        public void OnCommitted(long through, int events) => owner.OnCommitted(through, log.Committed(events));

        public IReadOnlyList<SeqRange> ReadAcknowledged() => owner.ReadAcknowledged();

        public IReadOnlyList<SeqRange> OnExpiring(SeqRange range) => owner.OnExpiring(range);

        public void OnExpired(in ExpiredRange expired) => owner.OnExpired(log.Expired(expired));

        public void OnAbandoned(Exception cause) => owner.OnAbandoned(cause);
    }
}
