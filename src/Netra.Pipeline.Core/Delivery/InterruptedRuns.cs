using System.Collections.Concurrent;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Delivery;

/// <summary>
/// Ends the runs that the end of the last process interrupted: each embedded one gets <c>agent_failed</c> with <c>server_restart</c>,
/// before the pipeline is ready; many users' at a time, since thousands may have been open. One that cannot be ended is tried again later;
/// what this process does not get done, the next one finds again.
/// </summary>
internal sealed class InterruptedRuns(UserExecutionContextFactory contexts, EventEmitterFactory emitters, FailureReporter failures)
{
    private const int UsersAtOnce = 256;
    private readonly FailureAggregator _failed = new(failures);
    private List<OpenRun> _open = [];

    /// <summary>Takes those that were open. To be called before this process begins runs of its own.</summary>
    public void Find(IReadOnlyList<OpenRun> open) => _open = [.. open];

    /// <summary>Ends those that are not ended yet.</summary>
    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        // Taken away first: a concurrent call must not end them a second time.
        var open = Interlocked.Exchange(ref _open, []);
        var left = new ConcurrentQueue<OpenRun>();
        try
        {
            await Parallel.ForEachAsync(
                open.GroupBy(static run => run.UserId, StringComparer.Ordinal),
                new ParallelOptions { MaxDegreeOfParallelism = UsersAtOnce, CancellationToken = cancellationToken },
                async (runs, token) =>
                {
                    foreach (var run in runs)
                    {
                        // Where one is refused for the log's sake the others would be, too.
                        if (!left.IsEmpty || !await TryEndAsync(run, token))
                        {
                            left.Enqueue(run);
                        }
                    }
                });
        }
        finally
        {
            if (!left.IsEmpty)
            {
                Volatile.Write(ref _open, [.. left]);
            }

            _failed.Tell();
        }
    }

    private async Task<bool> TryEndAsync(OpenRun run, CancellationToken cancellationToken)
    {
        var context = contexts.CreateInterrupted(run.UserId, run.ThreadId, run.RunId);
        var agentName = string.IsNullOrEmpty(run.AgentName) ? "unknown" : run.AgentName;
        var failure = DeliveryFailures.Interrupted(context.ScopeOf("interrupted run"), agentName);
        try
        {
            await using var emitter = await emitters.CreateEmitterAsync(context, EmitterOptions.OfServer, cancellationToken);
            await emitter.AgentFailedAsync(
                agentName, new EventError(FailureCodes.WireName(failure.Code), failure.Message), cancellationToken: CancellationToken.None);
        }
        catch (PipelineException exception)
        {
            // Reported by the emitter. A run that has ended already needs nothing more.
            return exception.Code == FailureCode.RunEnded;
        }

        if (!IdentifierRules.IsReserved(run.UserId))
        {
            // A verification that was interrupted concerns no user.
            _failed.Add(failure);
        }

        return true;
    }
}
