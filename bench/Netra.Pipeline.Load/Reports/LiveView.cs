using System.Globalization;
using Netra.Pipeline.Load.Scenarios;
using Spectre.Console;

namespace Netra.Pipeline.Load.Reports;

/// <summary>
/// Shows a run while it goes on: a table that changes in place where a person watches, a line now and then on standard error where the
/// output goes elsewhere. One thread at a time.
/// </summary>
/// <param name="options">The run.</param>
internal sealed class LiveView(LoadOptions options)
{
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(10);
    private TimeSpan _nextLine = LineEvery;

    /// <summary>Runs something, and shows it.</summary>
    public async Task<LoadResult> RunAsync(Func<Action<LoadSnapshot>, Task<LoadResult>> run)
    {
        if (options.IsJson)
        {
            return await run(static _ => { });
        }

        if (Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Interactive)
        {
            return await run(PrintLine);
        }

        return await AnsiConsole.Live(new Table()).AutoClear(true).StartAsync(context => run(snapshot =>
        {
            context.UpdateTarget(Table(snapshot));
            context.Refresh();
        }));
    }

    private void PrintLine(LoadSnapshot snapshot)
    {
        if (snapshot.Elapsed >= _nextLine)
        {
            _nextLine = snapshot.Elapsed + LineEvery;
            Console.Error.WriteLine(string.Join(", ", Cells(snapshot).Select(static cell => $"{cell.Name} {cell.Value}")));
        }
    }

    private Table Table(LoadSnapshot snapshot)
    {
        var table = new Table().Title(Markup.Escape($"{options.Name} at {options.Target.Url}")).AddColumns("", "now");
        foreach (var (name, value) in Cells(snapshot))
        {
            table.AddRow(new Text(name), new Text(value, snapshot.IsWrong && name == "found" ? new Style(Color.Red) : Style.Plain));
        }

        return table;
    }

    private IEnumerable<(string Name, string Value)> Cells(LoadSnapshot snapshot)
    {
        yield return ("elapsed", Format($"{snapshot.Elapsed.TotalSeconds:F0} s"));
        yield return ("open", Format($"{snapshot.Open} of {options.Users * Math.Max(1, options.Devices)}"));
        yield return ("published", Format($"{snapshot.Published:N0} ({snapshot.PublishedPerSecond:N0}/s)"));
        yield return ("delivered", Format($"{snapshot.Received:N0} ({snapshot.ReceivedPerSecond:N0}/s)"));
        yield return ("latency p50 p99 max", Format(
            $"{snapshot.Latency.P50:F1} {snapshot.Latency.P99:F1} {snapshot.Latency.Max:F1} ms"));
        if (snapshot.ResidentBytes is { } resident)
        {
            yield return ("server memory", Format($"{resident / 1e6:F0} MB"));
        }

        yield return ("found", snapshot.IsWrong ? "something is wrong" : "nothing wrong");
    }

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
