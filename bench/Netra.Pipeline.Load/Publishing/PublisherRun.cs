using System.Collections.Concurrent;
using System.Text;
using Netra.Pipeline.Load.Checks;
using Netra.Pipeline.Load.Measuring;

namespace Netra.Pipeline.Load.Publishing;

/// <summary>What the publishers of a run share.</summary>
/// <param name="Target">The deployment.</param>
/// <param name="Findings">Who is told what is wrong.</param>
internal sealed record PublisherRun(LoadTarget Target, Findings Findings)
{
    private long _reconnects;

    /// <summary>The run that the events belong to.</summary>
    public byte[] RunId { get; } = Encoding.UTF8.GetBytes(Target.RunName);

    /// <summary>
    /// Whether events have idempotency keys, so that what was not answered may be sent again.
    /// </summary>
    public bool HasKeys { get; init; }

    /// <summary>How long a server may be away, or answer nothing, before a publisher gives up.</summary>
    public required TimeSpan Patience { get; init; }

    /// <summary>From when an event was sent until its receipt is here.</summary>
    public LatencyRecorder ReceiptTimes { get; } = new();

    /// <summary>How many receipts said what: a status, or the code of a refusal.</summary>
    public ConcurrentDictionary<string, long> Receipts { get; } = new(StringComparer.Ordinal);

    /// <summary>How often a publisher has connected again.</summary>
    public long Reconnects => Interlocked.Read(ref _reconnects);

    /// <summary>A publisher has connected again.</summary>
    public void OnReconnected() => Interlocked.Increment(ref _reconnects);
}
