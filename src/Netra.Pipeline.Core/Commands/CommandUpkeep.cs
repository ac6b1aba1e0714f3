using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Commands;

/// <summary>
/// Looks after commands once a second: leases and time-outs; and what the log is to forget. Called by one loop, which may wait for the log.
/// </summary>
internal sealed class CommandUpkeep(CommandRegistry registry, CommandExpiry expiry, IEventLog log, IdempotencyIndex keys, ServedTime time)
{
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromMinutes(1);

    private long _forgotAt;

    public async ValueTask RoundAsync(CancellationToken cancellationToken)
    {
        await expiry.RoundAsync(cancellationToken);
        if (log.Trouble is not null)
        {
            return;
        }

        await WithdrawAsync(cancellationToken);
        foreach (var publisher in registry.TakeUnsubscribed())
        {
            await log.Commands.UnsubscribeAsync(publisher, cancellationToken);
            if (registry.IsSubscribed(publisher))
            {
                // It came back meanwhile.
                await log.Commands.SubscribeAsync(publisher, cancellationToken);
            }
        }

        if (_forgotAt == 0 || time.GetElapsedTime(_forgotAt) >= ForgetEvery)
        {
            _forgotAt = time.GetTimestamp();
            await log.Commands.ForgetAsync(CommandRegistry.KnownFor, keys.Window, cancellationToken);
        }
    }

    private async ValueTask WithdrawAsync(CancellationToken cancellationToken)
    {
        var withdrawn = registry.TakeWithdrawn();
        if (withdrawn.Count == 0)
        {
            return;
        }

        try
        {
            await log.Commands.WithdrawAsync(withdrawn, cancellationToken);
        }
        catch
        {
            registry.ReturnWithdrawn(withdrawn);
            throw;
        }
    }
}
