using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Monitoring.Health;

namespace Netra.Pipeline.Monitoring.Remediation;

/// <summary>
/// Initializes the bridge again when consecutive canaries fail: it runs the startup verification, over a private listener. If that passes,
/// the fault is at the public port, and emission goes on. If not, the bridge is failed, which refuses all emission, and the verification is
/// repeated each second until it passes. Called by one loop.
/// </summary>
/// <remarks>
/// A failure that a fault of this process explains (<see cref="LocalFaults"/>) does not count, and no emission is refused for it. When the
/// fault is over, a failed bridge is verified at once.
/// </remarks>
internal sealed class BridgeRemediation
{
    // A single canary may fail by chance.
    private const int FailuresToAct = 2;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Canary _canary;
    private readonly PipelineBridge _bridge;
    private readonly BridgeInitializations _initializations;
    private readonly StartupVerification _verification;
    private readonly LocalFaults _localFaults;
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
        LocalFaults localFaults,
        RemediationLog steps,
        FailureReporter failures,
        ServedTime time)
    {
        (_canary, _bridge, _initializations, _verification) = (canary, bridge, initializations, verification);
        (_localFaults, _steps, _time) = (localFaults, steps, time);

        // It is tried each second, and reported once a minute.
        _failed = new FailureDigest(time, (count, what, exception) => failures.Report(
            exception as PipelineException
            ?? StartupVerificationException.Failed(new FailureScope("startup verification"), [what], exception!)));
    }

    public async ValueTask RoundAsync(CancellationToken cancellationToken)
    {
        var failed = _bridge.State == BridgeState.Failed;
        if (!failed && (_bridge.State != BridgeState.Ready || _canary.ConsecutiveFailures < FailuresToAct))
        {
            (_tries, _outcome) = (0, null);
            return;
        }

        if (_localFaults.Current is not null)
        {
            // The verification would fail for that reason; after the fault, the next round verifies without a pause.
            _dueAt = 0;
            return;
        }

        if (!failed && _time.GetTimestamp() < _dueAt)
        {
            return;
        }

        _tries++;
        var pause = RetryPause.After(FirstPause, LongestPause, _tries - 1, Random.Shared.NextDouble());
        _dueAt = _time.GetTimestamp() + (long)(pause.TotalSeconds * _time.TimestampFrequency);
        await InitializeAsync(failed, cancellationToken);
    }

    private async Task InitializeAsync(bool failed, CancellationToken cancellationToken)
    {
        var reason = _bridge.FailureReason;
        if (failed && !_bridge.TryReinitialize())
        {
            return;
        }

        var mark = _localFaults.Begin();
        try
        {
            await _initializations.RunAsync(() => _verification.RunAsync(cancellationToken), () => mark.Since() is not null);
            if (failed)
            {
                _bridge.BecomeReady();
            }

            // The next canary shows at once whether the public port works too.
            _canary.GoNext();
            Note(failed ? "passed; the bridge is ready again" : "passed over a private listener: the fault is at the public port");
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops, and so the verification fails.
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

    // The same outcome, time after time, is one step.
    private void Note(string outcome)
    {
        if (outcome != _outcome)
        {
            _steps.Add("bridge", $"initializing the bridge anew, try {_tries}", outcome);
        }

        _outcome = outcome;
    }
}
