using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// An in-memory log that commits on a thread of its own, as a log on disk does, and only while nobody holds it; and that is full, or
/// failed, when it is told to be. Use it with <c>UseEventLog&lt;HoldingEventLog&gt;()</c>.
/// </summary>
internal sealed class HoldingEventLog : DelegatingEventLog
{
    private readonly Channel<Action> _commits = Channel.CreateUnbounded<Action>();
    private readonly Task _committing;
    private volatile TaskCompletionSource? _held;
    private volatile int _refusal = (int)AppendResult.Taken;

    public HoldingEventLog(IOptions<InMemoryEventLogOptions> options, TimeProvider time)
        : base(new InMemoryEventLog(options, time)) => _committing = Task.Run(CommitAsync);

    /// <summary>What every append ends with, unless it is <see cref="AppendResult.Taken"/>.</summary>
    public AppendResult Refusal
    {
        set => _refusal = (int)value;
    }

    /// <summary>What every append throws, though a log must not; null for nothing.</summary>
    public Exception? Fault { private get; set; }

    /// <summary>From here on nothing is committed.</summary>
    public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Commits what has been held, in order, and everything after it.</summary>
    public void Release() => Interlocked.Exchange(ref _held, null)?.TrySetResult();

    public override ValueTask<StreamLease> OpenAsync(
        string userId, Func<StreamLease, IStreamOwner> own, CancellationToken cancellationToken)
        => base.OpenAsync(userId, lease => new LateOwner(own(lease), _commits.Writer), cancellationToken);

    public override AppendResult TryAppend(StreamLease lease, in LogEntry entry)
        => Fault is { } fault ? throw fault
            : (AppendResult)_refusal is var refusal and not AppendResult.Taken ? refusal
            : base.TryAppend(lease, entry);

    public override async ValueTask DisposeAsync()
    {
        _commits.Writer.TryComplete();
        Release();
        await _committing;
        await base.DisposeAsync();
    }

    private async Task CommitAsync()
    {
        await foreach (var commit in _commits.Reader.ReadAllAsync())
        {
            while (_held is { } held)
            {
                await held.Task;
            }

            commit();
        }
    }

    private sealed class LateOwner(IStreamOwner owner, ChannelWriter<Action> commits) : IStreamOwner
    {
        public void OnCommitted(long through, int events) => commits.TryWrite(() => owner.OnCommitted(through, events));

        public IReadOnlyList<SeqRange> ReadAcknowledged() => owner.ReadAcknowledged();

        public IReadOnlyList<SeqRange> OnExpiring(SeqRange range) => owner.OnExpiring(range);

        public void OnExpired(in ExpiredRange expired) => owner.OnExpired(expired);

        public void OnAbandoned(Exception cause) => owner.OnAbandoned(cause);
    }
}
