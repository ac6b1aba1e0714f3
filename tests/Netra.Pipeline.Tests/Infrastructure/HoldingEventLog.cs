using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Log;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// An in-memory log that commits on a thread of its own, as a log on disk does, and only while nobody holds it; and that is full, or failed, when it is told to be. Use it with
/// <c>UseEventLog&lt;HoldingEventLog&gt;()</c>.
/// </summary>
internal sealed class HoldingEventLog : IEventLog
{
    private readonly InMemoryEventLog _log;
    private readonly Channel<(Action<long> Committed, long Seq)> _commits = Channel.CreateUnbounded<(Action<long>, long)>();
    private readonly Task _committing;
    private volatile TaskCompletionSource? _held;
    private volatile int _refusal = (int)AppendResult.Taken;

    public HoldingEventLog(IOptions<InMemoryEventLogOptions> options)
    {
        _log = new InMemoryEventLog(options);
        _committing = Task.Run(CommitAsync);
    }

    public string Epoch => _log.Epoch;

    public string Bound => _log.Bound;

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

    public ValueTask StartAsync(CancellationToken cancellationToken) => _log.StartAsync(cancellationToken);

    public ValueTask<StreamLease> OpenAsync(string userId, Action<long> committed, CancellationToken cancellationToken)
        => _log.OpenAsync(userId, seq => _commits.Writer.TryWrite((committed, seq)), cancellationToken);

    public ValueTask ReleaseAsync(StreamLease lease, IReadOnlyList<SeqRange> acknowledged, CancellationToken cancellationToken)
        => _log.ReleaseAsync(lease, acknowledged, cancellationToken);

    public AppendResult TryAppend(StreamLease lease, in LogEntry entry)
        => Fault is { } fault ? throw fault
            : (AppendResult)_refusal is var refusal and not AppendResult.Taken ? refusal
            : _log.TryAppend(lease, entry);

    public ValueTask<EventPage> ReadPageAsync(StreamLease lease, SeqRange range, int maxBytes, CancellationToken cancellationToken)
        => _log.ReadPageAsync(lease, range, maxBytes, cancellationToken);

    public ValueTask<IReadOnlyList<ExpiredRange>> ExpireAsync(DateTimeOffset olderThan, CancellationToken cancellationToken)
        => _log.ExpireAsync(olderThan, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _commits.Writer.TryComplete();
        Release();
        await _committing;
        await _log.DisposeAsync();
    }

    private async Task CommitAsync()
    {
        await foreach (var (committed, seq) in _commits.Reader.ReadAllAsync())
        {
            while (_held is { } held)
            {
                await held.Task;
            }

            committed(seq);
        }
    }
}
