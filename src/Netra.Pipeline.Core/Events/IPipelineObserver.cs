using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Events;

/// <summary>
/// Is told what happens in the pipeline, and is never asked. Register with <c>AddObserver</c>. Called on the thread on which it happens, never
/// under a lock, from many threads at once: an observer must be quick and must not wait. One that throws is reported as
/// <c>observer_failed</c>, and the pipeline goes on as if it had not.
/// </summary>
public interface IPipelineObserver
{
    /// <summary>
    /// A lifecycle event has its number: when it was accepted, or after the commit where the log numbers there. Tokens and custom events are
    /// counted, not told.
    /// </summary>
    /// <param name="observed">The event.</param>
    void OnEvent(in ObservedEvent observed);

    /// <summary>A connection has opened or ended.</summary>
    /// <param name="observed">The connection.</param>
    void OnConnection(in ObservedConnection observed);

    /// <summary>A failure was reported.</summary>
    /// <param name="failure">The failure.</param>
    void OnFailure(Failure failure);
}
