using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Log;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// The pipeline's two background loops: the tick that looks after connections and streams, and retention. A round that fails is reported and the loop goes on; a loop that dies is
/// reported too.
/// </summary>
internal sealed class BackgroundLoops(
    ConnectionTick connections,
    StreamRegistry streams,
    Ledger ledger,
    IEventLog log,
    FailureReporter failures,
    IOptions<StreamOptions> options,
    TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    public void Start()
        => _running = Task.WhenAll(LoopAsync("tick", TickAsync), LoopAsync("retention", ExpireAsync));

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
    }

    public void Dispose() => _stopping.Dispose();

    private async Task LoopAsync(string name, Func<CancellationToken, ValueTask> round)
    {
        try
        {
            using var timer = new PeriodicTimer(ConnectionTick.Period, time);
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                try
                {
                    await round(_stopping.Token);
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    Report(name, "a round failed; the loop goes on", exception);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
        catch (Exception exception)
        {
            Report(name, "the loop has ended", exception);
        }
    }

    private async ValueTask TickAsync(CancellationToken cancellationToken)
    {
        connections.OnTick();
        var now = time.GetUtcNow();
        foreach (var stream in streams.Loaded)
        {
            stream.Audit(now);
        }

        ledger.Check();
        await streams.EvictIdleAsync(cancellationToken);
    }

    private async ValueTask ExpireAsync(CancellationToken cancellationToken)
    {
        foreach (var expired in await log.ExpireAsync(time.GetUtcNow() - options.Value.Retention, cancellationToken))
        {
            // The verification's events concern nobody.
            if (expired.Unacknowledged > 0 && !expired.UserId.StartsWith(IdentifierRules.ReservedPrefix))
            {
                var scope = new FailureScope("retention", expired.UserId);
                failures.Report(new EventDroppedException(scope, expired.Range.From, expired.Range.To, GapCause.Expired));
            }
        }
    }

    private void Report(string name, string what, Exception exception)
        => failures.Report(new Failure(FailureCode.BackgroundFailed, name, $"Background loop '{name}': {what}: {exception.Message}") { Exception = exception });
}
