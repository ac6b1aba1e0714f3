using Microsoft.Extensions.Options;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>An in-memory log that answers questions for idempotency keys when it is told to, and how.</summary>
internal sealed class KeyedEventLog(IOptions<InMemoryEventLogOptions> options, TimeProvider time)
    : DelegatingEventLog(new InMemoryEventLog(options, time))
{
    private volatile TaskCompletionSource? _held;
    private int _questions;

    /// <summary>How often it was asked.</summary>
    public int Questions => Volatile.Read(ref _questions);

    /// <summary>From here on questions wait.</summary>
    public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Answers the questions that wait, and all that come.</summary>
    /// <param name="fault">What those that wait are answered; the truth when null.</param>
    public void Release(Exception? fault = null)
    {
        var held = _held!;
        _held = null;
        if (fault is null)
        {
            held.SetResult();
        }
        else
        {
            held.SetException(fault);
        }
    }

    public override async ValueTask<StoredKey?> FindKeyAsync(UInt128 hash, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _questions);
        await (_held?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask);
        return await base.FindKeyAsync(hash, cancellationToken);
    }
}
