using System.Globalization;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Load.Scenarios;

namespace Netra.Pipeline.Tests.Deploy;

/// <summary>
/// A deployment in mid-run, behind a real proxy: SIGTERM, and the next process on the same folder. <c>NETRA_DEPLOY_CLIENTS</c> says how
/// many pages there are, <c>NETRA_DEPLOY_REPORT</c> where their report goes. Alone, since it is measured how long pages are away.
/// </summary>
[TestFixture]
[NonParallelizable]
internal sealed class DeploymentTests
{
    private static readonly int Clients = int.Parse(
        Environment.GetEnvironmentVariable("NETRA_DEPLOY_CLIENTS") ?? "200", CultureInfo.InvariantCulture);

    private static readonly string? Report = Environment.GetEnvironmentVariable("NETRA_DEPLOY_REPORT");

    private static readonly bool IsLong = Clients > 1_000;

    // One port that both processes share, behind nginx; a port for each, behind haproxy.
    [TestCase("haproxy", false)]
    [TestCase("nginx", true)]
    public async Task Deployment_InMidRun_LosesNothingAndKeepsNobodyAway(string kind, bool isShared)
    {
        using var guarded = new GuardedServer();
        await using var folder = new ServerFolder();
        var (first, second) = (FreePort.Find(), FreePort.Find());
        second = isShared ? first : second;
        await using var before = guarded.Start(folder, first);
        await before.WhenReadyAsync();
        await using var proxy = await ReverseProxy.StartAsync(kind, first, second);
        await using var after = guarded.Start(folder, second);
        await Eventually.BecomesTrueAsync(() => after.Output.Contains("waits for it", StringComparison.Ordinal), "the next process waits");
        var tokens = Path.GetTempFileName();
        await File.WriteAllLinesAsync(tokens, Enumerable.Range(0, Clients).Select(i => $"user-{i} {guarded.TokenOf($"user-{i}")}"));

        var watch = FairStopwatch.Start();
        var answer = await LoadAnswer.RunAsync(
            [
                "deploy", "--url", $"http://127.0.0.1:{proxy.Port}", "--token", guarded.Publisher, "--user-tokens", tokens,
                "--users", $"{Clients}", "--rate", "4", "--duration-s", IsLong ? "30" : "3", "--after-s", IsLong ? "8" : "0.5",
                "--command", $"kill -TERM {before.Id}",
                .. Report is { } report ? ["--report", $"{report}-{kind}.md"] : Array.Empty<string>(),
            ]);
        var waited = watch.Waited.TotalMilliseconds;

        File.Delete(tokens);
        await before.WhenExitedAsync();
        await TestContext.Out.WriteLineAsync($"{kind}: {answer.Json.GetProperty("disturbance")}\n{before.Output.Split('\n')[^1]}");
        answer.ShouldBeClean();
        double Figure(string name) => answer.Json.GetProperty("disturbance").GetProperty(name).GetDouble();
        Assert.That((Figure("asked"), Figure("back")), Is.EqualTo((Clients, Clients)));
        Assert.That(Figure("away_max_ms"), Is.LessThan(5_000 + waited), after.Output);
        Assert.That(Figure("due_spread_s"), Is.GreaterThan(0.8), "they were not to come at once");
        Assert.That(
            before.Output,
            Does.Match($"drained: {Clients} connections and 0 runs .* {Clients} were told, 0 did not answer. .* are stored, 0 are lost"));
    }
}
