using Netra.Pipeline.Contexts;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

/// <summary>The signs of life of one run that are no events: heartbeats and waiting. Nothing is numbered. Safe from any thread.</summary>
/// <param name="services">What all emitters share.</param>
/// <param name="stream">The user's stream.</param>
/// <param name="guard">Reports what is refused.</param>
/// <param name="run">The run.</param>
/// <param name="life">The run's life.</param>
/// <param name="context">Whose run it is.</param>
/// <param name="attempt">Whose signs they are.</param>
internal sealed class LifeSigns(
    EmissionServices services,
    UserStream stream,
    EmissionGuard guard,
    StreamRun run,
    RunLife life,
    UserExecutionContext context,
    EmitterAttempt attempt)
{
    private static readonly TimeSpan MaxWaiting = TimeSpan.FromDays(1);

    /// <summary>The run goes on.</summary>
    /// <returns>How long may pass until the next sign of life.</returns>
    public TimeSpan Heartbeat()
    {
        EnsureGoesOn("heartbeat");
        services.Runs.Hear(life, attempt.Now);
        return services.Runs.LeftOf(life);
    }

    /// <summary>Begins to wait.</summary>
    /// <param name="until">Until when.</param>
    /// <returns>How long may pass until the next sign of life; and what completes when the log has stored it.</returns>
    public (TimeSpan Left, Task Stored) BeginWait(DateTimeOffset until)
    {
        const string Type = "waiting";
        EnsureGoesOn(Type);
        if (until > services.Time.GetUtcNow() + MaxWaiting)
        {
            var problem = $"is more than {MaxWaiting.TotalHours:F0} h ahead";
            throw guard.Reported(SendFailureException.InvalidEvent(context.ScopeOf(Type), "data.until", problem));
        }

        services.Runs.Wait(life, until);

        // A run of this process does not outlive it.
        return (services.Runs.LeftOf(life), run.Logged.IsEmbedded ? Task.CompletedTask : StoreWaitAsync(until));
    }

    private async Task StoreWaitAsync(DateTimeOffset until)
    {
        try
        {
            await stream.Runs.StoreWaitAsync(run, until);
        }
        catch (PipelineException exception)
        {
            throw guard.Reported(exception);
        }
    }

    private void EnsureGoesOn(string type)
    {
        var scope = context.ScopeOf(type);
        var (events, hasEnded, present) = stream.Runs.ProgressOf(run);
        var own = attempt.Now;
        if (hasEnded)
        {
            throw guard.Reported(SendFailureException.RunEnded(scope, type));
        }

        if (events == 0)
        {
            throw guard.Reported(SendFailureException.InvalidEvent(scope, "type", $"is {type}, but the run has not begun"));
        }

        if (own != present)
        {
            throw guard.Reported(own < present
                ? SendFailureException.AttemptSuperseded(scope, type, own, present)
                : SendFailureException.AttemptUnknown(scope, own, present));
        }
    }
}
