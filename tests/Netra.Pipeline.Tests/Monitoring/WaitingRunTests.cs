using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Monitoring.Harms;
using Netra.Pipeline.Tests.Questions;

namespace Netra.Pipeline.Tests.Monitoring;

/// <summary>
/// Spec R1: waiting for somebody is a state of the run in every figure, rule and page, however long it lasts. In virtual time.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class WaitingRunTests
{
    private const string Prefix = "/monitoring/websocket";
    private const string Started = """{"agent_name":"demo"}""";

    [Test]
    public async Task Wait_UntilItsAnswer_IsInEveryFigure()
    {
        using var meters = new TestMeterFactory();
        using var recorder = new MetricRecorder(meters);
        await using var host = await MonitoredHost.StartAsync(pipeline => pipeline.Services.AddSingleton<IMeterFactory>(meters));
        var until = host.Time.GetUtcNow().AddSeconds(30).ToUnixTimeMilliseconds() / 1000.0;
        var prompt = new string('?', 300);
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", Started));
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", Started, runId: "r2"));
        await host.Http.PublishAsync(PublishExtensions.EventJson("tool_executing", LeaseHarms.Deletes));
        await host.Http.PublishAsync(PublishExtensions.EventJson(
            "run_waiting",
            string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"request_id":"q1","kind":"approval","prompt":"{{prompt}}","call_id":"c1","until":{{until}}}""")));
        await host.PassAsync(20);

        var (_, user) = await host.Http.AskAsync($"{Prefix}/users/ada");
        var runs = user.GetProperty("open_runs").EnumerateArray().ToDictionary(static run => run.Text("run_id")!, StringComparer.Ordinal);
        Assert.That((runs["r1"].Text("state"), runs["r2"].Text("state")), Is.EqualTo(("waiting", "running")));
        Assert.That(runs["r1"].GetProperty("quiet_s").GetDouble(), Is.Zero);
        Assert.That(runs["r2"].TryGetProperty("waiting", out _), Is.False);
        var request = runs["r1"].GetProperty("waiting").EnumerateArray().Single();
        Assert.That(
            (request.Text("request_id"), request.Text("kind"), request.Text("call_id"), request.GetProperty("until").GetDouble()),
            Is.EqualTo(("q1", "approval", "c1", until)));
        Assert.That(request.Text("prompt"), Has.Length.EqualTo(256).And.EndsWith("…"));
        Assert.That(request.GetProperty("waiting_s").GetDouble(), Is.EqualTo(20).Within(0.1));
        Assert.That(request.GetProperty("since").GetDouble(), Is.EqualTo(until - 30).Within(0.1));
        Assert.That(await WaitingAsync(host), Is.EqualTo((1, 0, 20)));
        Assert.That(await FiringAsync(host), Is.Empty);

        // Past until, past the lease, and past what a tool may take.
        await host.PassAsync(300);
        Assert.That(await WaitingAsync(host), Is.EqualTo((1, 1, 320)));
        Assert.That(await FiringAsync(host), Is.SupersetOf(new[] { "overdue_answers" }).And.None.EqualTo("stuck_tools"));
        var (_, health) = await host.Http.AskAsync("/health");
        Assert.That(health.GetProperty("waiting_runs").GetInt32(), Is.EqualTo(1));
        Assert.That(health.ToString(), Does.Not.Contain("\"ada\""));
        var (_, dashboard) = await host.Http.AskAsync($"{Prefix}/dashboard/websocket_operations");
        var waiting = dashboard.GetProperty("waiting_runs").EnumerateArray().Single();
        Assert.That(
            (waiting.Text("user_id"), waiting.Text("thread_id"), waiting.Text("run_id"), waiting.Text("agent_name")),
            Is.EqualTo(("ada", "t1", "r1", "demo")));
        Assert.That((waiting.GetProperty("requests").GetInt32(), waiting.GetProperty("overdue").GetInt32()), Is.EqualTo((1, 1)));
        var trend = dashboard.GetProperty("trend").EnumerateArray().Last();
        Assert.That(
            (trend.GetProperty("waiting_runs").GetInt32(), trend.GetProperty("overdue_answers").GetDouble()), Is.EqualTo((1, 1.0)));
        recorder.Observe();
        Assert.That(
            (recorder.Sum("netra.run.waiting"), recorder.Sum("netra.answer.overdue"), recorder.Sum("netra.answer.oldest_wait")),
            Is.EqualTo((1.0, 1.0, 320.0)));

        var (answered, _) = await ApprovalTests.AnswerAsync(host.Http, "q1", "true");
        await host.PassAsync(2);

        Assert.That(answered.StatusCode, Is.EqualTo(HttpStatusCode.OK), "an answer is taken, however late");
        Assert.That(await WaitingAsync(host), Is.EqualTo((0, 0, 0)));
        Assert.That(await FiringAsync(host), Has.None.EqualTo("overdue_answers"));
        Assert.That(recorder.Sum("netra.answer.wait", "netra.request.kind", "approval"), Is.EqualTo(320).Within(0.1));
    }

    [Test]
    public async Task Wait_OfThreeDaysAndOverRestarts_HurtsNobody()
    {
        var folder = Directory.CreateTempSubdirectory("netra-waiting-").FullName;
        var time = new TestTimeProvider();
        var host = await StartAsync(time, folder);
        try
        {
            foreach (var (runId, days) in ((string, int?)[])[("r1", null), ("r2", 2)])
            {
                await PublishAsync(host, runId, "agent_started", Started);
                await PublishAsync(host, runId, "tool_executing", LeaseHarms.Deletes);
                await PublishAsync(host, runId, "run_waiting", Asks(time, days));
            }

            await host.PassAsync(320);
            host = await RestartAsync(host, time, folder, TimeSpan.FromHours(36));
            await host.PassAsync(320);
            Assert.That(await FiringAsync(host), Is.Empty);
            host = await RestartAsync(host, time, folder, TimeSpan.FromHours(36));
            await host.PassAsync(320);

            Assert.That(await FiringAsync(host), Is.EqualTo(new[] { "overdue_answers" }), "r2 wanted its answer within two days");
            var (runs, overdue, oldest) = await WaitingAsync(host);
            Assert.That((runs, overdue), Is.EqualTo((2, 1)));
            Assert.That(oldest, Is.GreaterThan(3 * 86_400));
            var (_, health) = await host.Http.AskAsync("/health");
            Assert.That(
                (health.Text("status"), health.GetProperty("stale_threads").GetInt32(), health.GetProperty("stuck_tools").GetInt32()),
                Is.EqualTo(("healthy", 0, 0)));

            foreach (var runId in (string[])["r1", "r2"])
            {
                using var content = new StringContent(HarmBench.AnswerJson("ada", runId, "q1"), Encoding.UTF8, "application/json");
                using var answer = await MonitoredHost.WhileTimePassesAsync(
                    time, host.Http.PostAsync(new Uri("/v1/runs/answer", UriKind.Relative), content));
                Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), runId);
                await PublishAsync(host, runId, "tool_completed", LeaseHarms.Deletes);
                await PublishAsync(host, runId, "agent_completed", Started);
            }

            await host.PassAsync(2);
            Assert.That(await FiringAsync(host), Is.Empty);
            Assert.That(host.Pipeline.Failures.Latest(10).Select(static failure => failure.Message), Is.Empty);
        }
        finally
        {
            await host.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<MonitoredHost> StartAsync(TestTimeProvider time, string folder)
        => MonitoredHost.StartAsync(
            static pipeline => pipeline.UseEventLog<SqliteEventLog>(), [("Netra:DataDirectory", folder)], time: time);

    private static async Task<MonitoredHost> RestartAsync(MonitoredHost host, TestTimeProvider time, string folder, TimeSpan down)
    {
        Assert.That(host.Pipeline.Failures.Latest(10).Select(static failure => failure.Message), Is.Empty);
        await host.DisposeAsync();
        time.Advance(down);
        return await StartAsync(time, folder);
    }

    private static async Task PublishAsync(MonitoredHost host, string runId, string type, string data)
    {
        var (response, body) = await MonitoredHost.WhileTimePassesAsync(
            host.Time, host.Http.PublishAsync(PublishExtensions.EventJson(type, data, runId: runId)));
        Assert.That(response.IsSuccessStatusCode, body.ToString());
    }

    private static string Asks(TestTimeProvider time, int? days) => days is not { } wanted ? LeaseHarms.Approval : string.Create(
        CultureInfo.InvariantCulture,
        $$"""{{LeaseHarms.Approval[..^1]}},"until":{{time.GetUtcNow().AddDays(wanted).ToUnixTimeMilliseconds() / 1000.0}}}""");

    private static async Task<(int Runs, int Overdue, double OldestS)> WaitingAsync(MonitoredHost host)
    {
        var (_, status) = await host.Http.AskAsync($"{Prefix}/system/status");
        var waiting = status.GetProperty("waiting");
        Assert.That(status.GetProperty("waiting_runs").GetArrayLength(), Is.EqualTo(waiting.GetProperty("runs").GetInt32()));
        return (
            waiting.GetProperty("runs").GetInt32(),
            waiting.GetProperty("overdue_answers").GetInt32(),
            Math.Round(waiting.GetProperty("oldest_s").GetDouble(), 1));
    }

    private static async Task<IReadOnlyList<string>> FiringAsync(MonitoredHost host)
    {
        var (_, body) = await host.Http.AskAsync($"{Prefix}/alerts");
        return [.. body.GetProperty("alerts").EnumerateArray().Where(static alert => alert.Text("state") == "firing").Select(Name)];

        static string Name(JsonElement alert) => alert.Text("name")!;
    }
}
