using Netra.Pipeline.Contexts;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

/// <summary>
/// What the events of one emitter must pass before they are encoded, and how those that are refused are counted and reported. Safe from any
/// thread.
/// </summary>
/// <param name="services">What all emitters share.</param>
/// <param name="stream">The user's stream.</param>
/// <param name="life">The run's life; null outside of any run.</param>
/// <param name="context">Whose run it is.</param>
/// <param name="attempt">The attempt that its events belong to.</param>
/// <param name="isOfServer">Whether the server emits something of its own about the run: no sign of life.</param>
internal sealed class EmissionGuard(
    EmissionServices services, UserStream stream, RunLife? life, UserExecutionContext context, EmitterAttempt attempt, bool isOfServer)
{
    private bool _hasReportedEmergency;
    private int _disposed;

    /// <summary>Takes no more events.</summary>
    /// <returns>Whether it took any until now.</returns>
    public bool TryDispose() => Interlocked.Exchange(ref _disposed, 1) == 0;

    /// <summary>Refuses an event while the pipeline takes none, or none of its type.</summary>
    public void Ensure(EventType type)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, typeof(EventEmitter));
        if (!services.Bridge.CanEmit(context.IsSystem))
        {
            RefuseByBridge(type);
        }

        if (services.Emergency.IsOn && IsDeferrable(type) && !context.IsSystem)
        {
            RefuseInEmergency(type);
        }
    }

    /// <summary>What failures of an event say about where they happened.</summary>
    public FailureScope Scope(EventType type) => context.ScopeOf(EventTypes.WireName(type));

    /// <summary>Counts and reports an event that is refused.</summary>
    /// <returns>The refusal, to be thrown.</returns>
    public PipelineException Refused(EventType type, PipelineException exception)
    {
        stream.Observer.OnRefused(type);
        if (!isOfServer && life is not null)
        {
            // A publisher that tries is there, whatever the reason why its event cannot be taken.
            services.Runs.Hear(life, attempt.Now);
        }

        return Reported(exception);
    }

    /// <summary>Reports what is no event's refusal.</summary>
    /// <returns>The same, to be thrown.</returns>
    public PipelineException Reported(PipelineException exception)
    {
        services.Failures.Report(exception);
        return exception;
    }

    private static bool IsDeferrable(EventType type) => type is EventType.Token or EventType.ThinkingDelta or EventType.Custom;

    // Apart from the look that each event takes, which is inlined for it.
    private void RefuseByBridge(EventType type)
    {
        try
        {
            services.Bridge.EnsureCanEmit(Scope(type), context.IsSystem);
        }
        catch (PipelineException exception)
        {
            Refused(type, exception);
            throw;
        }
    }

    private void RefuseInEmergency(EventType type)
    {
        var refusal = SendFailureException.EmergencyMode(Scope(type), EventTypes.WireName(type), services.Emergency.Reason);
        if (_hasReportedEmergency)
        {
            // Or an agent that goes on streaming would fill the log with it.
            refusal.TryMarkReported();
        }

        _hasReportedEmergency = true;
        throw Refused(type, refusal);
    }
}
