using Netra.Pipeline.Load.Compare;
using Netra.Pipeline.Load.Reports;
using Netra.Pipeline.Load.Scenarios;
using static Netra.Pipeline.Load.Reports.MarkdownText;

namespace Netra.Pipeline.Load.Scale;

/// <summary>
/// What publishing over HTTP costs: one event a request and many, by few publishers and by many, into a fresh server each time.
/// </summary>
/// <param name="peer">The server.</param>
/// <param name="publishers">How many publishers there are, in turn.</param>
/// <param name="scale">How long each takes; 1 is what reports have.</param>
internal sealed class PublishFigures(Peer peer, IReadOnlyList<int> publishers, double scale)
{
    private const int Users = 1_000;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(10);
    private readonly List<LoadResult> _results = [];

    /// <summary>What was measured.</summary>
    public IReadOnlyList<LoadResult> Results => _results;

    /// <summary>Measures.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var source in new[] { EventSource.Single, EventSource.Ndjson })
        {
            foreach (var count in publishers)
            {
                // Without pages, and with one for each user.
                foreach (var devices in new[] { 0, 1 })
                {
                    await using var server = await PeerProcess.StartAsync(peer, new Workload("none", 1, 0, 0), cancellationToken);
                    await using var run = new ScenarioRun(new LoadOptions("publish", server.Target)
                    {
                        Users = Users,
                        Devices = devices,
                        Source = source,
                        Publishers = count,
                        Rate = 0,
                        Duration = Duration * Math.Min(1, scale),
                        ServerPid = server.Id,
                    });
                    _results.Add(await run.RunAsync(static _ => { }, cancellationToken));
                    await Console.Error.WriteLineAsync($"{source}, {count} publishers, {devices} pages a user");
                }
            }
        }
    }

    /// <summary>The report.</summary>
    /// <param name="command">What makes it again.</param>
    public string Report(string command)
    {
        var text = new MarkdownText();
        text.Line("# Publishing over HTTP");
        text.Line();
        text.Line($"`POST /v1/events` for {Number(Users)} users, as fast as it is taken; a receipt comes when its event is stored. Each");
        text.Line("line is a fresh server, the library with its default options (`bench/peers/run netra`). Made again with");
        text.Line();
        text.Line($"    {command}");
        text.Line();
        MeasuredOn.AddTo(text);
        text.Line();
        text.Head(
            "how", "publishers", "pages", "events", "events/s", "receipt p50 ms", "p99 ms", "p99.9 ms", "max ms",
            "server CPU, µs per event", "MB at most", "refused", "lost, doubled, reordered, wrong receipts");
        foreach (var result in _results)
        {
            text.Row(
                result.Options.Source == EventSource.Single ? "one a request" : "many lines a request",
                Number(result.Options.Publishers),
                Number(result.Options.Devices * Users),
                Number(result.Published),
                Number(result.Published / result.Publishing.TotalSeconds),
                Number(result.ReceiptTimes.P50, 1),
                Number(result.ReceiptTimes.P99, 1),
                Number(result.ReceiptTimes.P999, 1),
                Number(result.ReceiptTimes.Max, 1),
                Number(result.PublishingCpuMicroseconds / result.Published, 1),
                Megabytes(result.ResidentPeak),
                Number(result.Published - result.Accepted),
                string.Join(", ", new[]
                {
                    Checks.FindingKind.Lost, Checks.FindingKind.Duplicated, Checks.FindingKind.Reordered, Checks.FindingKind.WrongReceipt,
                }.Select(kind => Number(result.Findings[kind]))));
        }

        return text.ToString();
    }
}
