using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Tests.Monitoring.Faults;

/// <summary>An observer that throws when a test says so.</summary>
internal sealed class FaultyObserver : IPipelineObserver
{
    public Exception? EventFault { get; set; }

    public Exception? FailureFault { get; set; }

    public void OnEvent(in ObservedEvent observed) => Throw(EventFault);

    public void OnConnection(in ObservedConnection observed) => Throw(EventFault);

    public void OnFailure(Failure failure) => Throw(FailureFault);

    private static void Throw(Exception? fault)
    {
        if (fault is not null)
        {
            throw fault;
        }
    }
}
