namespace Netra.Pipeline.Load.Scenarios;

/// <summary>
/// A share of the pages reads nothing for a while, over and over: the others must not notice, and the slow ones must get everything in the
/// end.
/// </summary>
/// <param name="share">Which share of the pages: 0 to 1.</param>
/// <param name="stall">
/// How long they read nothing, and then how long they read; zero for nothing until the last event was published.
/// </param>
internal sealed class SlowReaders(double share, TimeSpan stall) : Disturbance
{
    private int _slow;
    private int _stalls;

    public override IReadOnlyDictionary<string, double> Figures
        => new Dictionary<string, double>(StringComparer.Ordinal) { ["slow_pages"] = _slow, ["stalls"] = _stalls };

    public override async Task RunAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        var slow = run.Fleet.Pages.Where(page => (int)((page.Index + 1) * share) > (int)(page.Index * share)).ToArray();
        _slow = slow.Length;
        foreach (var page in slow)
        {
            page.IsDisturbed = true;
        }

        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var page in slow)
            {
                page.Client?.Pause();
                _stalls++;
            }

            await Task.Delay(stall > TimeSpan.Zero ? stall : Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            Calm(run);
            await Task.Delay(stall, TimeProvider.System, cancellationToken);
        }
    }

    public override void Calm(ScenarioRun run)
    {
        foreach (var page in run.Fleet.Pages)
        {
            page.Client?.Resume();
        }
    }
}
