using Netra.Pipeline.Load.Clients;
using Netra.Pipeline.Load.Measuring;

namespace Netra.Pipeline.Load.Scenarios;

/// <summary>All pages lose their connections at once, and come back with their cursors.</summary>
/// <param name="storms">How many storms there are.</param>
/// <param name="pause">How long pages are left alone before each.</param>
internal sealed class ReconnectStorm(int storms, TimeSpan pause) : Disturbance
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly List<double> _seconds = [];

    public override IReadOnlyDictionary<string, double> Figures => new Dictionary<string, double>(StringComparer.Ordinal)
    {
        ["storms"] = _seconds.Count,
        ["all_back_s_median"] = Median.Of(_seconds),
        ["all_back_s_max"] = _seconds.DefaultIfEmpty().Max(),
    };

    public override async Task RunAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        for (var storm = 0; storm < storms; storm++)
        {
            await Task.Delay(pause, TimeProvider.System, cancellationToken);
            var begun = MonotonicClock.Now;
            foreach (var page in run.Fleet.Pages)
            {
                page.IsDisturbed = true;
                page.Client?.Abort();
            }

            await run.Fleet.WaitForAllAsync(Patience, cancellationToken);
            _seconds.Add(MonotonicClock.Since(begun).TotalSeconds);
        }
    }
}
