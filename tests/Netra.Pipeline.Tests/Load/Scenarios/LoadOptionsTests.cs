using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Netra.Pipeline.Tests.Alerting.Notifiers;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Load.Verify;

namespace Netra.Pipeline.Tests.Load.Scenarios;

/// <summary>What the load harness is told, and what it says: options, reports, ends.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class LoadOptionsTests
{
    private static readonly string[] Times = ["latency", "disturbed_latency", "receipt", "connect"];

    private static readonly string[] Numbers =
    [
        "connections", "users", "connecting_s", "publishing_s", "took_s", "published", "delivered", "delivered_per_s", "bytes_read", "lost",
        "duplicated", "reordered", "unexplained_gaps", "resumed", "redelivered", "errors_shown", "publisher_reconnects",
    ];

    private PipelineHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await PipelineHost.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [TestCase("--users is 0; it must be between 1 and 1000000", "stream", "--url", "http://127.0.0.1:1", "--users", "0")]
    [TestCase("--share is 2; it must be between 0.001 and 1", "slow", "--url", "http://127.0.0.1:1", "--share", "2")]
    [TestCase("--patience-s is NaN; it must be between 1 and 3600", "idle", "--url", "http://127.0.0.1:1", "--patience-s", "NaN")]
    [TestCase("--url must be an absolute http or https URL", "stream", "--url", "localhost:5080")]
    [TestCase("'--url' is required", "connect")]
    public async Task Scenario_InvalidOption_SaysWhichOneAndItsLimits(string problem, params string[] arguments)
    {
        var (exitCode, _, error) = await LoadProgram.RunAsync(arguments);

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.Contain(problem).And.Not.Contain("   at "));
    }

    [TestCase("stream", 1, "refused")]
    [TestCase("publish", 1, "refused")]
    [TestCase("idle", 1, "refused")]
    public async Task Scenario_NobodyListens_SaysSo(string scenario, int expected, string problem)
    {
        using var closed = new ClosedPort();
        var (exitCode, output, error) = await LoadProgram.RunAsync(
            scenario, "--url", closed.Address.ToString(), "--users", "2", "--patience-s", "1", "--duration-s", "1");

        Assert.That(exitCode, Is.EqualTo(expected), output + error);
        Assert.That(output + error, Does.Contain(problem).And.Not.Contain("   at "));
    }

    [Test]
    public async Task Report_Files_HaveWhatWasMeasured()
    {
        var folder = Directory.CreateTempSubdirectory("netra-load-");
        try
        {
            var (markdown, json) = (Path.Combine(folder.FullName, "r.md"), Path.Combine(folder.FullName, "r.json"));

            var (exitCode, output, _) = await LoadProgram.RunAsync(
                "stream", "--url", _host.HttpAddress.ToString(), "--users", "2", "--events", "20", "--rate", "0", "--report", markdown,
                "--report", json);

            Assert.That(exitCode, Is.Zero, output);
            Assert.That(output, Does.Contain("lost, duplicated, reordered").And.Not.Contain("\e["), "no colours in a file");
            var table = await File.ReadAllTextAsync(markdown);
            Assert.That(table, Does.StartWith("# Load: stream\n\n|  |  |\n| --- | --- |\n| scenario | stream, "));
            Assert.That(table, Does.Contain("| lost, duplicated, reordered, unexplained gaps | 0, 0, 0, 0 |"));
            var report = JsonElement.Parse(await File.ReadAllTextAsync(json));
            Assert.That(report.GetProperty("scenario").GetString(), Is.EqualTo("stream"));
            Assert.That(report.GetProperty("passed").GetBoolean());
            Assert.That(report.GetProperty("published").GetInt64(), Is.EqualTo(2 * 20));
            Assert.That(report.GetProperty("findings").GetArrayLength(), Is.Zero);
            Assert.That(report.GetProperty("server").ValueKind, Is.EqualTo(JsonValueKind.Null), "no process was named");
            Assert.That(Numbers.Select(name => report.GetProperty(name).ValueKind), Is.All.EqualTo(JsonValueKind.Number));
            foreach (var times in Times.Select(report.GetProperty))
            {
                Assert.That(
                    times.EnumerateObject().Select(static value => value.Name), Is.EqualTo(["count", "p50", "p90", "p99", "p999", "max"]));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Test]
    public async Task Interrupt_DuringARun_EndsItAndPrintsTheReport()
    {
        // Of its own: the pages of other tests must not be taken for those of the run.
        await using var host = await PipelineHost.StartAsync();
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            ArgumentList =
            {
                Path.Combine(AppContext.BaseDirectory, "Netra.Pipeline.Load.dll"), "stream", "--json", "--users", "2", "--rate", "50",
                "--duration-s", "600", "--url", host.HttpAddress.ToString(),
            },
        };
        using var process = Process.Start(start)!;
        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 2, "its pages are connected");
        await Task.Delay(TimeSpan.FromSeconds(0.5), TimeProvider.System);

        using var kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TestClient.Patience);
        await process.WaitForExitAsync().WaitAsync(TestClient.Patience);

        new LoadAnswer(process.ExitCode, JsonElement.Parse(output)).ShouldBeClean();
    }

    [TestCase("--insecure", 0)]
    [TestCase("--json", 1)]
    public async Task Stream_ServerWithAnUnknownCertificate_IsTrustedOnlyWhenTold(string option, int expected)
    {
        using var certificate = TestCertificate.Create();
        await using var host = await PipelineHost.StartAsync(
            kestrel: options => options.Listen(IPAddress.Loopback, 0, listener => listener.UseHttps(certificate)));

        var (exitCode, output, error) = await LoadProgram.RunAsync(
            "slow", "--url", $"https://127.0.0.1:{host.Port}", "--users", "3", "--rate", "50", "--duration-s", "1", "--share", "0.5",
            "--stall-s", "0.3", "--patience-s", "5", option);

        Assert.That(exitCode, Is.EqualTo(expected), output + error);
        Assert.That(output, Does.Contain(expected == 0 ? "0, 0, 0, 0" : "certificate"));
    }
}
