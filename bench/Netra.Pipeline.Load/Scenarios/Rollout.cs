using System.Diagnostics;
using Netra.Pipeline.Load.Measuring;
using Netra.Pipeline.Load.Pages;

namespace Netra.Pipeline.Load.Scenarios;

/// <summary>
/// A deployment in the middle of the run: a command brings it about, or whoever runs this does meanwhile. Pages do what the server asks of
/// them, and come back.
/// </summary>
/// <param name="after">How long pages are left alone before it.</param>
/// <param name="command">What brings it about, for <c>sh</c>; null where somebody else does.</param>
internal sealed class Rollout(TimeSpan after, string? command) : Disturbance
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private LatencySummary _away = new(0, 0, 0, 0, 0, 0);
    private (double Asked, double Gone, double Back) _pages;
    private (double Due, double Back) _spread;

    public override IReadOnlyDictionary<string, double> Figures => new Dictionary<string, double>(StringComparer.Ordinal)
    {
        ["asked"] = _pages.Asked,
        ["gone_before_the_end"] = _pages.Gone,
        ["back"] = _pages.Back,
        ["due_spread_s"] = _spread.Due,
        ["back_spread_s"] = _spread.Back,
        ["away_p50_ms"] = _away.P50,
        ["away_p99_ms"] = _away.P99,
        ["away_max_ms"] = _away.Max,
    };

    public override async Task RunAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        await Task.Delay(after, TimeProvider.System, cancellationToken);
        if (command is not null)
        {
            using var process = Process.Start("sh", ["-c", command]);
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
            {
                throw new LoadFailedException($"--command has ended with {process.ExitCode}.");
            }
        }

        // Until each page has been away and back; a deployment that nobody notices ends with the run.
        while (run.Fleet.Returned.Count < run.Fleet.Pages.Count)
        {
            await Task.Delay(Look, TimeProvider.System, cancellationToken);
        }
    }

    public override void Calm(ScenarioRun run)
    {
        _away = run.Fleet.AwayTimes.TakeTotal();
        _pages = (run.Fleet.Pages.OfType<NetraPage>().Sum(static page => page.Asked), run.Fleet.Gone, run.Fleet.Returned.Count);
        _spread = (SpreadOf([.. run.Fleet.Due]), SpreadOf([.. run.Fleet.Returned]));
    }

    private static double SpreadOf(long[] times) => times.Length == 0 ? 0 : (times.Max() - times.Min()) / 1e9;
}
