using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>A publisher's refusals by the thousand do nothing to the page of the user whom they name, and do not fill the log.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class FailureFloodTests
{
    // As much as the test may take, in seconds: so often may be told.
    private const int MaxSummaries = 40;

    [Test]
    public async Task Lines_RefusedByTheThousand_LeaveThePageAndItsPings([Values(3000, 10_000)] int count)
    {
        using var meters = new TestMeterFactory();
        using var metrics = new MetricRecorder(meters);
        await using var host = await PipelineHost.StartAsync(
            pipeline => pipeline.Services.AddSingleton<IMeterFactory>(meters),
            [("Netra:Connections:PingInterval", "00:00:01"), ("Netra:Streams:MaxEventBytes", "1024")]);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        var connection = host.ConnectionOf(page.Welcome.ConnectionId);
        await using var lines = await PublishLines.OpenAsync(host);
        var reading = ReadAsync(page);

        // Shown (too large), and not shown (malformed), in turn.
        var tooLarge = TokenJson(new string('x', 1200));
        var receiving = lines.ReadAsync(count);
        for (var i = 0; i < count; i += 100)
        {
            await lines.SendAsync(string.Join('\n', Enumerable.Range(0, 100)
                .Select(n => n % 2 == 0 ? tooLarge : """{"user_id":"ada","thread_id":"t1","run_id":"r1","type":"nonsense"}""")));
        }

        var answers = await receiving;
        Assert.That(
            answers.GroupBy(static answer => answer.Text("code")).ToDictionary(
                static group => group.Key!, static group => group.Count(), StringComparer.Ordinal),
            Is.EquivalentTo(
                new Dictionary<string, int>(StringComparer.Ordinal) { ["event_too_large"] = count / 2, ["invalid_event"] = count / 2 }),
            "the publisher hears of each");

        // A sign of life that comes through after all of it, and the end of what was held back.
        var pings = await host.Connections.CheckConnectionHealthAsync(page.Welcome.ConnectionId);
        Assert.That((pings.EndReason, pings.RoundTrip is not null), Is.EqualTo(((ConnectionEndReason?)null, true)));
        await Eventually.BecomesTrueAsync(
            () => CountOf(host, "event_too_large") == count / 2 && CountOf(host, "invalid_event") == count / 2,
            "each is told to the operator, by its number");

        // The page is told of them a moment after that, in the same round.
        var telling = host.Services.GetRequiredService<BackgroundWatch>().Loops.Single(static loop => loop.Loop == "failures");
        var rounds = telling.Rounds;
        await Eventually.BecomesTrueAsync(() => telling.Rounds > rounds, "the page is told too");
        await lines.SendAsync(EventJson("custom", """{"name":"last","value":1}"""));
        await lines.ReadAsync(1);
        var errors = await reading;

        Assert.That(connection.IsEnded, Is.False);
        Assert.That(
            errors.Select(static error => (error.Code, error.RunId, error.EventType)).Distinct(),
            Is.EqualTo(new[] { ("event_too_large", "r1", "token") }),
            "the user is shown what is missing, and nothing else");
        Assert.That(errors, Has.Count.LessThan(MaxSummaries));
        Assert.That(errors.Sum(static error => error.Numbers!.GetValueOrDefault("count", 1)), Is.EqualTo(count / 2));
        Assert.That(host.Logs.Logs.Count(IsFailure), Is.LessThan(2 * MaxSummaries));
        Assert.That(host.Logs.Logs.Where(IsFailure).Select(static log => log.Exception), Has.All.Null);
        Assert.That(host.Failures.Total, Is.EqualTo(count));
        Assert.That(
            metrics.Sum("netra.failures", "error.type", "event_too_large") + metrics.Sum("netra.failures", "error.type", "invalid_event"),
            Is.EqualTo(count));
        Assert.That(
            host.Failures.Latest(10),
            Has.All.Matches<Failure>(static failure => failure is { UserId: "ada", ThreadId: "t1", RunId: "r1" }));
    }

    [Test]
    public async Task Lines_OfTwoBytesByTheHundredThousand_WriteAFewLinesOfLog()
    {
        const int Count = 100_000;
        await using var host = await PipelineHost.StartAsync();
        await using var lines = await PublishLines.OpenAsync(host);
        var receiving = lines.ReadAsync(Count);
        var bytes = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("x\n", 10_000)));

        for (var i = 0; i < Count; i += 10_000)
        {
            await lines.SendAsync(bytes);
        }

        Assert.That(await receiving, Has.All.Matches<JsonElement>(static answer => answer.Text("code") == "invalid_event"));
        await Eventually.BecomesTrueAsync(() => CountOf(host, "invalid_event") == Count, "the operator knows how many there were");
        Assert.That(host.Logs.Logs.Count(IsFailure), Is.LessThan(MaxSummaries));
        Assert.That(host.Logs.Logs.Sum(static log => log.Message.Length + (log.Exception?.ToString().Length ?? 0)), Is.LessThan(50_000));
    }

    [Test]
    public async Task Messages_ThatViolateTheProtocol_WriteNoStackTraceAndAreSummarised()
    {
        const int Count = 40;
        await using var host = await PipelineHost.StartAsync();

        for (var i = 0; i < Count; i++)
        {
            await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
            await page.SendAsync("nonsense");
            Assert.That((await page.ReadToEndAsync()).Reason, Is.EqualTo("invalid_message"));
        }

        await host.StopAsync();
        var ends = host.Logs.Logs.Where(
            static log => log.EventId.Id == EventIds.ConnectionEnded && Equals(log.Values["Reason"], "invalid_message")).ToArray();
        Assert.That(ends.Select(static log => log.Exception), Has.All.Null);
        Assert.That(ends[0].Message, Does.Contain("not well-formed JSON"));
        Assert.That(ends, Has.Length.LessThanOrEqualTo(Count));
    }

    [Test]
    public async Task Events_AfterTheEndOfTheirRun_AreShownToNobody()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var lines = await PublishLines.OpenAsync(host);

        await lines.SendAsync(string.Join(
            '\n',
            EventJson("agent_completed", """{"agent_name":"a"}"""),
            TokenJson("late"),
            TokenJson("later"),
            EventJson("custom", """{"name":"last","value":1}""", runId: "r2")));
        var answers = await lines.ReadAsync(4);

        Assert.That(
            answers.Select(static answer => answer.Text("code") ?? "taken"),
            Is.EqualTo(new[] { "taken", "run_ended", "run_ended", "taken" }));
        Assert.That(await ReadAsync(page), Is.Empty);
        Assert.That(
            host.Failures.Latest(10).Select(static failure => (failure.Code, failure.UserId, failure.RunId)).Distinct(),
            Is.EqualTo(new[] { (FailureCode.RunEnded, "ada", "r1") }));
    }

    // The errors up to the custom event, which comes last.
    private static async Task<List<ErrorMessage>> ReadAsync(TestClient page)
    {
        var errors = new List<ErrorMessage>();
        while (true)
        {
            switch (await page.ReadAsync())
            {
                case ErrorMessage error:
                    errors.Add(error);
                    break;
                case PingMessage ping:
                    await page.PongAsync(ping, seq: null);
                    break;
                case EventMessage { EventType: EventType.Custom }:
                    return errors;
                default:
                    break;
            }
        }
    }

    private static bool IsFailure(CapturedLog log) => log.EventId.Id is EventIds.FailureReported or EventIds.PrefixedFailureReported;

    private static long CountOf(PipelineHost host, string code)
        => host.Logs.Logs.Where(log => IsFailure(log) && Equals(log.Values["Code"], code))
            .Sum(static log => log.Values.TryGetValue("Count", out var count) ? (long)count! : 1);
}
