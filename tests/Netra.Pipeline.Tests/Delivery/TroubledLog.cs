using Microsoft.Extensions.Options;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Delivery;

/// <summary>An in-memory log whose dead letters fail when a test says so, and which may say beforehand that it is in trouble.</summary>
internal sealed class TroubledLog : DelegatingEventLog, IDeadLetterStore
{
    private readonly InMemoryEventLog _log;
    private volatile string? _state;
    private volatile Exception? _fault;
    private int _burials;
    private int _settlements;

    public TroubledLog(IOptions<InMemoryEventLogOptions> options, TimeProvider time)
        : this(new InMemoryEventLog(options, time))
    {
    }

    private TroubledLog(InMemoryEventLog log)
        : base(log) => _log = log;

    public override string? Trouble => _state;

    public override IDeadLetterStore DeadLetters => this;

    /// <summary>What it says of itself.</summary>
    public string? State { get => _state; set => _state = value; }

    /// <summary>What every change of dead letters ends with; null for nothing.</summary>
    public Exception? Fault { get => _fault; set => _fault = value; }

    /// <summary>What making dead letters waits for once it is done; null for nothing.</summary>
    public Task? Held { get; set; }

    public int GivenUp => Volatile.Read(ref _burials);

    public int Settlements => Volatile.Read(ref _settlements);

    public async ValueTask<IReadOnlyList<DeadLetter>> AddAsync(
        StreamLease lease, IReadOnlyList<long> seqs, int attempts, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var letters = _fault is null ? await _log.DeadLetters.AddAsync(lease, seqs, attempts, at, cancellationToken) : [];
        Interlocked.Increment(ref _burials);
        await (Held ?? Task.CompletedTask);
        return _fault is { } fault ? throw fault : letters;
    }

    public ValueTask<IReadOnlyList<DeadLetter>> ListAsync(DeadLetterQuery query, CancellationToken cancellationToken)
        => _log.DeadLetters.ListAsync(query, cancellationToken);

    public ValueTask<DeadLetter?> FindAsync(long number, CancellationToken cancellationToken)
        => _log.DeadLetters.FindAsync(number, cancellationToken);

    public ValueTask<bool> TrySettleAsync(long number, DeadLetterState state, string? replayedAs, CancellationToken cancellationToken)
        => _log.DeadLetters.TrySettleAsync(number, state, replayedAs, cancellationToken);

    public ValueTask SettleAcknowledgedAsync(StreamLease lease, IReadOnlyList<long> seqs, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _settlements);
        return _fault is { } fault ? throw fault : _log.DeadLetters.SettleAcknowledgedAsync(lease, seqs, cancellationToken);
    }

    public ValueTask SetWebhookAsync(long number, WebhookState state, CancellationToken cancellationToken)
        => _fault is { } fault ? throw fault : _log.DeadLetters.SetWebhookAsync(number, state, cancellationToken);

    public ValueTask<long> ExpireAsync(DateTimeOffset olderThan, int keep, CancellationToken cancellationToken)
        => _log.DeadLetters.ExpireAsync(olderThan, keep, cancellationToken);
}
