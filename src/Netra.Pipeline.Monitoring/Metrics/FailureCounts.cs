using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>
/// Failures by code, in the last minute and since the start, and those of each user. Told by the funnel, from any thread;
/// <see cref="OnTick"/> is called by the tick alone.
/// </summary>
internal sealed class FailureCounts
{
    private readonly SlidingCount[] _counts = [.. Enum.GetValues<FailureCode>().Select(static _ => new SlidingCount())];

    public FailureCounts(FailureReporter failures, UserMetricsTable users)
        => failures.Subscribe(failure =>
        {
            _counts[(int)failure.Code].Add(failure.Count);
            if (failure.UserKey is { } userKey && users.TryGet(userKey, out var user))
            {
                user.OnFailures(failure.Count);
            }
        });

    public SlidingCount this[FailureCode code] => _counts[(int)code];

    public void OnTick()
    {
        foreach (var count in _counts)
        {
            count.OnTick();
        }
    }
}
