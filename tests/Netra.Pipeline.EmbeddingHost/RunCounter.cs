using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.EmbeddingHost;

/// <summary>
/// Counts the runs that have completed. It is told where things happen, by many threads at once: it is quick and does not wait.
/// </summary>
public sealed class RunCounter : IPipelineObserver
{
    private long _completed;

    public long Completed => Volatile.Read(ref _completed);

    public void OnEvent(in ObservedEvent observed)
    {
        if (observed.Type == EventType.AgentCompleted)
        {
            Interlocked.Increment(ref _completed);
        }
    }

    public void OnConnection(in ObservedConnection observed)
    {
    }

    public void OnFailure(Failure failure)
    {
    }
}
