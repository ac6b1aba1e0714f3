using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Log;

namespace Netra.Pipeline.Delivery;

/// <summary>
/// Ends the runs that the end of the last process interrupted: each embedded one gets <c>agent_failed</c> with <c>server_restart</c>, before anybody else may emit. One that cannot be ended is tried again later; what
/// this process does not get done, the next one finds again.
/// </summary>
internal sealed class InterruptedRuns(UserExecutionContextFactory contexts, EventEmitterFactory emitters, FailureReporter failures)
{
    private static readonly EmitterOptions Options = new() { Overflow = OverflowBehavior.Report };

    private List<OpenRun> _open = [];

    /// <summary>Finds them among the runs that are open. To be called before this process begins runs of its own.</summary>
    public void Find(IReadOnlyList<OpenRun> open) => _open = [.. open.Where(static run => run.IsEmbedded)];

    /// <summary>Ends those that are not ended yet.</summary>
    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        // Taken away first: whoever calls meanwhile must not end them a second time.
        var open = Interlocked.Exchange(ref _open, []);
        var left = new List<OpenRun>();
        foreach (var run in open)
        {
            if (!await TryEndAsync(run, cancellationToken))
            {
                left.Add(run);
            }
        }

        if (left.Count > 0)
        {
            Volatile.Write(ref _open, left);
        }
    }

    private async Task<bool> TryEndAsync(OpenRun run, CancellationToken cancellationToken)
    {
        var context = contexts.CreateInterrupted(run.UserId, run.ThreadId, run.RunId);
        var agentName = string.IsNullOrEmpty(run.AgentName) ? "unknown" : run.AgentName;
        var failure = DeliveryFailures.Interrupted(context.ScopeOf("interrupted run"), agentName);
        try
        {
            await using var emitter = await emitters.CreateEmitterAsync(context, Options, cancellationToken);
            await emitter.AgentFailedAsync(agentName, new EventError(FailureCodes.WireName(failure.Code), failure.Message), cancellationToken: CancellationToken.None);
        }
        catch (PipelineException exception)
        {
            // Reported by the emitter. A run that has ended already needs nothing more.
            return exception.Code == FailureCode.RunEnded;
        }

        if (!IdentifierRules.IsReserved(run.UserId))
        {
            // A verification that was interrupted concerns nobody.
            failures.Report(failure);
        }

        return true;
    }
}
