using Netra.Pipeline.Limits;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>What all streams share.</summary>
internal sealed record StreamServices(
    IEventLog Log, StreamOptions Options, WindowBudget Budget, StreamObservers Observers, TimeProvider Time)
{
    /// <summary>Counts events, for metrics.</summary>
    public StreamCounters Counters { get; } = new();

    /// <summary>What users read of the past.</summary>
    public ReplayBudget Replay { get; init; } = new(Microsoft.Extensions.Options.Options.Create(new PeerLimitOptions()), Time);

    /// <summary>Makes room where all queues and windows hold too much; null where there is no such limit.</summary>
    public BudgetRelief? Relief { get; init; }
}
