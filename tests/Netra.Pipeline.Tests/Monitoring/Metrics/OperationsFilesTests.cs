using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Metrics;

/// <summary>What operators load into Grafana and Prometheus names only what is there, and does what its own tests say.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed partial class OperationsFilesTests
{
    private static readonly string[] LabelsOfPrometheus = ["le", "job", "instance"];

    [Test]
    public void Dashboard_Panels_AskForMetricsAndLabelsThatExist()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("docs/operations/grafana-dashboard.json")));
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().ToList();
        var expressions = panels.Where(static panel => panel.TryGetProperty("targets", out _))
            .SelectMany(static panel =>
                panel.GetProperty("targets").EnumerateArray().Select(static target => target.GetProperty("expr").GetString()!))
            .ToList();

        Check(expressions);
        Assert.That(panels.Select(static panel => panel.GetProperty("id").GetInt32()), Is.Unique);
        Assert.That(
            panels.Where(static panel => panel.GetProperty("type").GetString() != "row")
                .Select(static panel => panel.GetProperty("datasource").GetProperty("uid").GetString()),
            Is.All.EqualTo("${datasource}"));
    }

    [Test]
    public void Rules_Expressions_AskForMetricsAndLabelsThatExist()
        => Check([.. RuleLines()
            .Where(static line => line.StartsWith("expr: ", StringComparison.Ordinal))
            .Select(static line => line["expr: ".Length..])]);

    // Written once in the table, and shown somewhere: a metric that nobody looks at is not worth its series.
    [Test]
    public void Dashboard_ShowsEveryMetric()
    {
        var text = File.ReadAllText(Repository.PathOf("docs/operations/grafana-dashboard.json"));
        var missing = MetricsTable.Read()
            .Where(row => !MetricsTable.PrometheusNames(row).Any(name => text.Contains(name, StringComparison.Ordinal)))
            .Select(static row => row.Name);

        Assert.That(missing, Is.Empty);
    }

    [TestCase("check", "prometheus-rules.yml")]
    [TestCase("test", "prometheus-rules.test.yml")]
    public async Task Promtool_Rules_Passes(string verb, string file)
    {
        using var promtool = new Process
        {
            StartInfo = new ProcessStartInfo("promtool")
            {
                ArgumentList = { verb, "rules", file },
                WorkingDirectory = Repository.PathOf("docs/operations"),
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        Assert.That(promtool.Start, Throws.Nothing, "promtool comes with Debian's package prometheus, which tests/run.sh installs");
        var output = promtool.StandardOutput.ReadToEndAsync();
        var error = await promtool.StandardError.ReadToEndAsync();
        await promtool.WaitForExitAsync();

        Assert.That(promtool.ExitCode, Is.Zero, $"{await output}{error}");
    }

    // The lines of the rules, with those of a folded value (>-) put together.
    private static List<string> RuleLines()
    {
        var lines = new List<string>();
        var depth = int.MaxValue;
        foreach (var text in File.ReadLines(Repository.PathOf("docs/operations/prometheus-rules.yml")))
        {
            var indent = text.Length - text.TrimStart().Length;
            if (indent > depth)
            {
                lines[^1] += " " + text.Trim();
                continue;
            }

            var line = text.Trim().TrimStart('-').Trim();
            var isFolded = line.EndsWith(": >-", StringComparison.Ordinal);
            depth = isFolded ? indent : int.MaxValue;
            lines.Add(isFolded ? line[..^" >-".Length] : line);
        }

        return lines;
    }

    private static void Check(IReadOnlyList<string> expressions)
    {
        var table = MetricsTable.Read();
        var metrics = table.SelectMany(MetricsTable.PrometheusNames).ToHashSet(StringComparer.Ordinal);
        metrics.UnionWith(RuleLines()
            .Where(static line => line.StartsWith("record: ", StringComparison.Ordinal))
            .Select(static line => line["record: ".Length..]));
        var labels = table.SelectMany(static row => row.Attributes)
            .Select(static attribute => attribute.Replace('.', '_'))
            .Concat(LabelsOfPrometheus)
            .ToHashSet(StringComparer.Ordinal);

        Assert.That(expressions, Has.Count.GreaterThan(20));
        Assert.Multiple(() =>
        {
            foreach (var expression in expressions)
            {
                var bare = Clauses().Replace(Selectors().Replace(Strings().Replace(expression, "\"\""), string.Empty), string.Empty);
                Assert.That(Names().Matches(bare).Select(static match => match.Value).Distinct(), Is.SubsetOf(metrics), expression);
                var used = Matchers().Matches(Strings().Replace(expression, "\"\"")).Select(static match => match.Groups["name"].Value)
                    .Concat(Clauses().Matches(expression).SelectMany(static match =>
                        match.Groups["names"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));
                Assert.That(used.Distinct(), Is.SubsetOf(labels), expression);
            }
        });
    }

    [GeneratedRegex("\"[^\"]*\"", RegexOptions.None, 1000)]
    private static partial Regex Strings();

    [GeneratedRegex(@"\{[^}]*\}", RegexOptions.None, 1000)]
    private static partial Regex Selectors();

    [GeneratedRegex(@"\b(by|on|without|ignoring) \((?<names>[^)]*)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Clauses();

    [GeneratedRegex(@"\b(netra|gen_ai)[_:][a-z0-9_:]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Names();

    [GeneratedRegex(@"(?<name>[a-z_]+)(=~|!=|!~|=)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Matchers();
}
