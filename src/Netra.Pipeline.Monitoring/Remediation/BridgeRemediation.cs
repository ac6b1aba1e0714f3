using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Monitoring.Health;

namespace Netra.Pipeline.Monitoring.Remediation;

/// <summary>
/// Initializes the bridge anew when canaries fail one after the other: the startup verification, over its private listener. When that passes, the fault is at the public port, and emission goes on; when it does not, the bridge
/// has failed and says so to every emitter, and it is tried again each second until it passes: nobody can emit meanwhile, so no second is to be lost. Called by one loop.
/// </summary>
/// <remarks>While the server's own trouble explains what fails (<see cref="LocalFaults"/>), nothing is judged, and above all nobody is refused for it; when that is over, what has failed is verified at once.</remarks>
internal sealed class BridgeRemediation
{
    // One may fail for reasons of its own.
    private const int FailuresToAct = 2;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Canary _canary;
    private readonly PipelineBridge _bridge;
    private readonly BridgeInitializations _initializations;
    private readonly StartupVerification _verification;
    private readonly LocalFaults _own;
    private readonly RemediationLog _steps;
    private readonly FailureDigest _failed;
    private readonly ServedTime _time;
    private int _tries;
    private long _dueAt;
    private string? _outcome;

    public BridgeRemediation(
        Canary canary,
        PipelineBridge bridge,
        BridgeInitializations initializations,
        StartupVerification verification,
        LocalFaults own,
        RemediationLog steps,
        FailureReporter failures,
        ServedTime time)
    {
        (_canary, _bridge, _initializations, _verification, _own, _steps, _time) = (canary, bridge, initializations, verification, own, steps, time);

        // It is tried each second, and told once a minute.
        _failed = new FailureDigest(time, (count, what, exception) => failures.Report(
            exception as PipelineException ?? StartupVerificationException.Failed(new FailureScope("startup verification"), [what], exception!)));
    }

    public async ValueTask RoundAsync(CancellationToken cancellationToken)
    {
        var failed = _bridge.State == BridgeState.Failed;
        if (!failed && (_bridge.State != BridgeState.Ready || _canary.ConsecutiveFailures < FailuresToAct))
        {
            (_tries, _outcome) = (0, null);
            return;
        }

        if (_own.Now is not null)
        {
            // Nothing could be told apart from it; the next round after it does not wait.
            _dueAt = 0;
            return;
        }

        if (!failed && _time.GetTimestamp() < _dueAt)
        {
            return;
        }

        _tries++;
        _dueAt = _time.GetTimestamp() + (long)(RetryPause.After(FirstPause, LongestPause, _tries - 1, Random.Shared.NextDouble()).TotalSeconds * _time.TimestampFrequency);
        await InitializeAsync(failed, cancellationToken);
    }

    private async Task InitializeAsync(bool failed, CancellationToken cancellationToken)
    {
        var reason = _bridge.FailureReason;
        if (failed && !_bridge.TryReinitialize())
        {
            return;
        }

        var mark = _own.Begin();
        try
        {
            await _initializations.RunAsync(() => _verification.RunAsync(cancellationToken), () => mark.Since() is not null);
            if (failed)
            {
                _bridge.BecomeReady();
            }

            // Whether the public port is well too is asked at once.
            _canary.GoNext();
            Note(failed ? "passed; the bridge is ready again" : "passed over a private listener: the fault is at the public port");
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops, and what it stops fails.
        }
        catch (Exception exception) when (mark.Since() is { } excuse)
        {
            _dueAt = 0;
            Note($"not judged, since {excuse} ({exception.Message})");
            if (failed)
            {
                _bridge.FailUnlessStopping(reason ?? exception.Message);
            }
        }
        catch (Exception exception)
        {
            _failed.Add(exception.Message, exception);
            _bridge.FailUnlessStopping(exception.Message);
            Note($"failed: {exception.Message}");
        }
    }

    // What comes out again and again is one step.
    private void Note(string outcome)
    {
        if (outcome != _outcome)
        {
            _steps.Add("bridge", $"initializing the bridge anew, try {_tries}", outcome);
        }

        _outcome = outcome;
    }
}
