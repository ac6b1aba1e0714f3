using Microsoft.Extensions.Options;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>An in-memory log in which erasures cannot be completed for as long as a test says so.</summary>
internal sealed class StubbornErasureLog(IOptions<InMemoryEventLogOptions> options, TimeProvider time)
    : DelegatingEventLog(new InMemoryEventLog(options, time))
{
    private volatile Exception? _fault;

    /// <summary>Why they cannot; null when they can.</summary>
    public Exception? Fault
    {
        get => _fault;
        set => _fault = value;
    }

    public override ValueTask CompleteErasureAsync(string userId, CancellationToken cancellationToken)
        => Fault is { } fault ? throw fault : base.CompleteErasureAsync(userId, cancellationToken);
}
