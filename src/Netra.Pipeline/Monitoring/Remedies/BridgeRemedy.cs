using Netra.Pipeline.Delivery;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Monitoring.Health;

namespace Netra.Pipeline.Monitoring.Remedies;

/// <summary>
/// Initializes the bridge anew when canaries fail one after the other: the startup verification, over its private listener. When that passes, the fault is at the public port, and emission goes on; when it does not, the bridge
/// has failed and says so to every emitter, and it is tried again with backoff until it passes. Called by one loop.
/// </summary>
internal sealed class BridgeRemedy(Canary canary, PipelineBridge bridge, BridgeInitializations initializations, StartupVerification verification, RemedyLog steps, TimeProvider time)
{
    // One may fail for reasons of its own.
    private const int FailuresToAct = 2;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private int _tries;
    private long _dueAt;

    public async ValueTask RoundAsync(CancellationToken cancellationToken)
    {
        var failed = bridge.State == BridgeState.Failed;
        if (!failed && (bridge.State != BridgeState.Ready || canary.ConsecutiveFailures < FailuresToAct))
        {
            _tries = 0;
            return;
        }

        if (_tries > 0 && time.GetTimestamp() < _dueAt)
        {
            return;
        }

        _tries++;
        _dueAt = time.GetTimestamp() + (long)(RetryPause.After(FirstPause, LongestPause, _tries - 1, Random.Shared.NextDouble()).TotalSeconds * time.TimestampFrequency);
        await InitializeAsync(failed, cancellationToken);
    }

    private async Task InitializeAsync(bool failed, CancellationToken cancellationToken)
    {
        var step = $"initializing the bridge anew, try {_tries}";
        if (failed && !bridge.TryReinitialize())
        {
            return;
        }

        try
        {
            await initializations.RunAsync(() => verification.RunAsync(cancellationToken));
            if (failed)
            {
                bridge.BecomeReady();
                steps.Add("bridge", step, "passed; the bridge is ready again");
            }
            else
            {
                steps.Add("bridge", step, "passed over a private listener: the fault is at the public port");
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops, and what it stops fails.
        }
        catch (Exception exception)
        {
            // The verification has reported it.
            bridge.FailUnlessStopping(exception.Message);
            steps.Add("bridge", step, $"failed: {exception.Message}");
        }
    }
}
