using Netra.Pipeline.Load.Pages;
using Netra.Pipeline.Load.Publishing;

namespace Netra.Pipeline.Load.Scenarios;

/// <summary>
/// Something happens to a page or a publisher every moment: a reset, a goodbye, a network that is gone without a word, a page that reads
/// nothing for a while, a publisher that dies in the middle of a line and sends again what was not answered.
/// </summary>
/// <param name="every">How often something happens.</param>
/// <param name="seed">Which things happen: the same seed chooses the same.</param>
internal sealed class Chaos(TimeSpan every, int seed) : Disturbance
{
    private const double MaxStallSeconds = 4;
    private readonly Random _random = new(seed);
    private readonly List<LoadPage> _stalled = [];
    private int _resets;
    private int _goodbyes;
    private int _halfOpen;
    private int _stalls;
    private int _publisherCuts;

    public override IReadOnlyDictionary<string, double> Figures => new Dictionary<string, double>(StringComparer.Ordinal)
    {
        ["resets"] = _resets,
        ["goodbyes"] = _goodbyes,
        ["half_open"] = _halfOpen,
        ["stalls"] = _stalls,
        ["publisher_cuts"] = _publisherCuts,
    };

    public override async Task RunAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        var ending = new List<(double At, LoadPage Page)>();
        var now = 0.0;
        using var timer = new PeriodicTimer(every, TimeProvider.System);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            now += every.TotalSeconds;
            foreach (var (_, page) in ending.Where(stall => stall.At <= now))
            {
                page.Client?.Resume();
                _stalled.Remove(page);
            }

            ending.RemoveAll(stall => stall.At <= now);
            // Drawn before anything else is looked at, so that the same seed chooses the same whatever the server does.
            var victim = run.Fleet.Pages[_random.Next(run.Fleet.Pages.Count)];
            var (what, stall, publisher) = (_random.Next(20), _random.NextDouble() * MaxStallSeconds, _random.Next(run.Publishers.Count));
            if (!victim.IsOpen || _stalled.Contains(victim))
            {
                continue;
            }

            victim.IsDisturbed = true;
            switch (what)
            {
                case < 8:
                    _resets++;
                    victim.Client?.Abort();
                    break;
                case < 11:
                    _goodbyes++;
                    victim.Client?.Close();
                    break;
                case < 14:
                    _halfOpen++;
                    run.Fleet.Abandon(victim);
                    break;
                case < 18:
                    _stalls++;
                    victim.Client?.Pause();
                    _stalled.Add(victim);
                    ending.Add((now + stall, victim));
                    break;
                default:
                    _publisherCuts++;
                    (run.Publishers[publisher] as NdjsonPublisher)?.Cut();
                    break;
            }
        }
    }

    public override void Calm(ScenarioRun run)
    {
        foreach (var page in _stalled)
        {
            page.Client?.Resume();
        }
    }
}
