using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;

namespace Netra.Pipeline.Peers.Netra;

/// <summary>Emits the series of each user who has connected.</summary>
internal sealed class UserSeries(
    UserPresence presence,
    Series series,
    EventEmitterFactory emitters,
    UserExecutionContextFactory contexts,
    IHostApplicationLifetime lifetime,
    ILogger<UserSeries> logger) : BackgroundService
{
    // As fast as the connections take them. A page that does not read for as long as this is cut by the pipeline before.
    private static readonly EmitterOptions Waiting = new() { Overflow = OverflowBehavior.Wait, WaitTimeout = TimeSpan.FromMinutes(1) };

    // The longest that a run may announce: it stays open, so that the user's next series continues it.
    private static readonly TimeSpan Quiet = TimeSpan.FromHours(23);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var userId in presence.Beginning.ReadAllAsync(lifetime.ApplicationStopping))
        {
            _ = Task.Run(() => ServeAsync(userId, lifetime.ApplicationStopping), stoppingToken);
        }
    }

    private async Task ServeAsync(string userId, CancellationToken stopping)
    {
        try
        {
            if (!series.IsEmpty)
            {
                await EmitAsync(userId, stopping);
            }
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            // The host stops: the pipeline takes nothing more.
        }
        catch (Exception exception)
        {
            logger.LogError(exception, "The series of {UserId} has ended early", userId);
        }
        finally
        {
            presence.OnServed(userId);
        }
    }

    private async Task EmitAsync(string userId, CancellationToken stopping)
    {
        await using var emitter = await emitters.CreateEmitterAsync(contexts.Create(userId, "t1", "r1"), Waiting, stopping);
        await series.SendAsync(
            async cancellationToken => await emitter.TokenAsync(PeerText.Next(), cancellationToken), stopping);

        // Nobody is to be told that the run has stalled.
        await emitter.WaitUntilAsync(TimeProvider.System.GetUtcNow() + Quiet, stopping);
    }
}
