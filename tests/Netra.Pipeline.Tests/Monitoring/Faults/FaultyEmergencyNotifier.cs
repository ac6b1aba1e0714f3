using Netra.Pipeline.Delivery;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Tests.Monitoring.Faults;

/// <summary>Is told of emergencies, and throws when the bench says so.</summary>
internal sealed class FaultyEmergencyNotifier(FaultBench bench) : IEmergencyNotifier
{
    public Task NotifyAsync(Failure failure, CancellationToken cancellationToken)
        => bench.EmergencyFault is { } fault ? throw fault : Task.CompletedTask;
}
