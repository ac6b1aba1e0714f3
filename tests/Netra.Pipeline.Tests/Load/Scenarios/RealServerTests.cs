using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Scenarios;

/// <summary>Every scenario of the load harness, short, against the standalone server: nothing is lost, doubled or out of order.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class RealServerTests
{
    private static readonly ServerFolder Folder = new();
    private static ServerProcess _server = null!;
    private static string _url = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _server = ServerProcess.Start("Development", Folder.Argument);
        _url = $"http://127.0.0.1:{await _server.WhenReadyAsync()}";
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _server.DisposeAsync();
        await Folder.DisposeAsync();
    }

    [TestCase(1, "stream", "--users", "10", "--rate", "20", "--duration-s", "1")]
    [TestCase(2, "stream", "--users", "5", "--devices", "2", "--rate", "0", "--events", "300")]
    [TestCase(1, "stream", "--users", "3", "--rate", "20", "--duration-s", "1", "--source", "single")]
    [TestCase(1, "publish", "--users", "5", "--events", "300")]
    [TestCase(1, "publish", "--users", "3", "--events", "30", "--mode", "single")]
    [TestCase(1, "slow", "--users", "8", "--duration-s", "2", "--share", "0.25", "--stall-s", "0.5")]
    public async Task Scenario_RealServer_DeliversAllThatWasPublished(int devices, params string[] arguments)
    {
        var answer = await LoadAnswer.RunAsync([.. arguments, "--url", _url]);

        answer.ShouldBeClean(devices);
        Assert.That(answer.Json.GetProperty("published").GetInt64(), Is.Positive);

        // Pages that come when all is published say nothing of how long it takes.
        Assert.That(
            answer.Json.GetProperty("latency").GetProperty("count").GetInt64()
                + answer.Json.GetProperty("disturbed_latency").GetProperty("count").GetInt64(),
            Is.EqualTo(arguments[0] == "publish" ? 0 : answer.Json.GetProperty("delivered").GetInt64()));
    }

    [TestCase("idle", "--duration-s", "1")]
    [TestCase("connect")]
    public async Task Scenario_ConnectionsOnly_AreHeld(params string[] arguments)
    {
        var answer = await LoadAnswer.RunAsync([.. arguments, "--url", _url, "--users", "20", "--server-pid", $"{_server.Id}"]);

        answer.ShouldBeClean();
        Assert.That(answer.Json.GetProperty("connect").GetProperty("count").GetInt64(), Is.EqualTo(20));
        Assert.That(answer.Json.GetProperty("server").GetProperty("resident_connected").GetDouble(), Is.Positive);
    }

    [Test]
    public async Task Reconnect_TwoStorms_ResumesEveryPage()
    {
        var answer = await LoadAnswer.RunAsync(
            "reconnect", "--url", _url, "--users", "20", "--rate", "10", "--duration-s", "8", "--storms", "2", "--pause-s", "0.2");

        answer.ShouldBeClean();
        Assert.That(answer.Json.GetProperty("resumed").GetInt64(), Is.EqualTo(40));
        Assert.That(answer.Json.GetProperty("disturbance").GetProperty("storms").GetInt32(), Is.EqualTo(2));
    }

    [Test]
    public async Task Chaos_WithSeed_LosesNothing()
    {
        var answer = await LoadAnswer.RunAsync(
            "chaos", "--url", _url, "--users", "20", "--devices", "2", "--duration-s", "3", "--every-ms", "20", "--seed", "7");

        answer.ShouldBeClean(devices: 2);
        Assert.That(answer.Json.GetProperty("disturbance").EnumerateObject().Select(static kind => kind.Value.GetInt32()), Is.All.Positive);
        Assert.That(answer.Json.GetProperty("publisher_reconnects").GetInt64(), Is.Positive);
    }

    [Test]
    public async Task Soak_ThreeSeconds_HasASeries()
    {
        var answer = await LoadAnswer.RunAsync(
            "soak", "--url", _url, "--users", "10", "--duration-s", "3", "--series-s", "1", "--server-pid", $"{_server.Id}");

        answer.ShouldBeClean();
        var series = answer.Json.GetProperty("series").EnumerateArray().ToArray();
        Assert.That(series, Has.Length.InRange(1, (int)answer.Json.GetProperty("publishing_s").GetDouble() + 1));
        Assert.That(series.Select(static line => line.GetProperty("resident").GetDouble()), Is.All.Positive);
        Assert.That(series.Select(static line => line.GetProperty("elapsed_s").GetDouble()), Is.Ordered.Ascending);
    }

    [Test]
    public async Task Chaos_ServerKilledTwice_LosesNothingThatHasAReceipt()
    {
        await using var folder = new ServerFolder();
        var port = FreePort.Find();
        string[] arguments = [folder.Argument, $"--urls=http://127.0.0.1:{port}"];
        var server = ServerProcess.Start("Development", arguments);
        try
        {
            await server.WhenReadyAsync();
            var running = LoadAnswer.RunAsync(
                "chaos", "--url", $"http://127.0.0.1:{port}", "--users", "15", "--rate", "40", "--duration-s", "15", "--every-ms",
                "200");
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            await Eventually.BecomesTrueAsync(
                async () => (await http.GetStringAsync("/monitoring/websocket/metrics/users")).Contains("load-", StringComparison.Ordinal),
                "events are published");
            for (var kill = 0; kill < 2; kill++)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
                await server.DisposeAsync();
                server = ServerProcess.Start("Development", arguments);
                await server.WhenReadyAsync();
            }

            var answer = await running;

            answer.ShouldHaveFoundNothing();
            var accepted = answer.Json.GetProperty("receipts").EnumerateObject().Sum(static status => status.Value.GetInt64());
            Assert.That(accepted, Is.EqualTo(answer.Json.GetProperty("published").GetInt64()), "published again with their keys");
            Assert.That(answer.Json.GetProperty("delivered").GetInt64(), Is.GreaterThanOrEqualTo(accepted));
            Assert.That(answer.Json.GetProperty("resumed").GetInt64(), Is.GreaterThanOrEqualTo(2 * 15));
            Assert.That(answer.Json.GetProperty("publisher_reconnects").GetInt64(), Is.GreaterThanOrEqualTo(2 * 2));
        }
        finally
        {
            await server.DisposeAsync();
        }
    }
}
