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
        await foreach (var starting in presence.Beginning.ReadAllAsync(lifetime.ApplicationStopping))
        {
            _ = Task.Run(() => ServeAsync(starting.UserId, starting.Gone), stoppingToken);
        }
    }

    private async Task ServeAsync(string userId, CancellationToken gone)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(gone, lifetime.ApplicationStopping);
        try
        {
            await EmitAsync(userId, either.Token);
        }
        catch (Exception) when (either.IsCancellationRequested)
        {
            // The host stops, and the pipeline takes nothing more; or nobody is there any more.
        }
        catch (Exception exception)
        {
            logger.LogError(exception, "The series of {UserId} has ended early", userId);
        }
    }

    private async Task EmitAsync(string userId, CancellationToken cancellationToken)
    {
        var left = series.Events;
        try
        {
            await using var emitter = await emitters.CreateEmitterAsync(contexts.Create(userId, "t1", "r1"), Waiting, cancellationToken);
            await series.SendAsync(
                async token =>
                {
                    // Before the last one is out: a page that has got it, and is back at once, is not to be taken for one that comes
                    // in the middle.
                    if (--left == 0)
                    {
                        presence.OnServed(userId);
                    }

                    await emitter.TokenAsync(PeerText.Next(), token);
                },
                cancellationToken);

            // Nobody is to be told that the run has stalled.
            await emitter.WaitUntilAsync(TimeProvider.System.GetUtcNow() + Quiet, cancellationToken);
        }
        finally
        {
            if (left > 0)
            {
                presence.OnServed(userId);
            }
        }
    }
}
