using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Tests.Delivery;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary>Spec R4: a backend that failed in the middle begins its run again, as the next attempt (docs/protocol.md, 9.9).</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class AttemptTests
{
    [TestCase(KindOfLog.Memory)]
    [TestCase(KindOfLog.Sqlite)]
    public async Task SecondAttempt_OneEventAtATime_CountsAloneAndIsNamed(KindOfLog log)
    {
        await using var host = await StartAsync(log);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();

        await AcceptAsync(http, Started());
        await AcceptAsync(http, EventJson("tool_executing", """{"tool_name":"search"}"""));
        await AcceptAsync(http, TokenJson("half"));
        await AcceptAsync(http, Started(attempt: 2));
        await AcceptAsync(http, TokenJson("whole"));
        await AcceptAsync(http, Completed());

        var events = await page.ReadEventsAsync(6);
        Assert.That(events.Select(static e => e.Attempt), Is.EqualTo(new[] { 1, 1, 1, 2, 2, 2 }));
        Assert.That(events[^1].Run, Is.EqualTo(new RunSummary(3, 4, 6)));
        Assert.That(page.LastMessage.Span.IndexOf("\"run_id\":\"r1\",\"attempt\":2,"u8), Is.Positive);
        Assert.That(host.Failures.Latest(10), Is.Empty, "no order is broken, and the first attempt's tool is open no more");
        var (ended, _) = await http.PublishAsync(Started(attempt: 3));
        Assert.That(ended.StatusCode, Is.EqualTo(HttpStatusCode.Conflict), "a terminal event ends the run, whatever attempt it is");
        Assert.That(host.Streams.Counters.Attempts, Is.EqualTo(1));

        await using var fresh = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        Assert.That((await fresh.ReadEventsAsync(6)).Select(static e => e.Attempt), Is.EqualTo(new[] { 1, 1, 1, 2, 2, 2 }), "replayed");
    }

    [TestCase(null, "demo")]
    [TestCase(1, "demo")]
    [TestCase(2, "another")]
    public async Task SecondBeginning_NoNextAttempt_IsAFlowViolationAndBeginsNothing(int? attempt, string agent)
    {
        await using var host = await StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();

        await AcceptAsync(http, Started());
        await AcceptAsync(http, Started(attempt, agent));
        await AcceptAsync(http, Completed());

        var events = await page.ReadEventsAsync(3);
        Assert.That(events.Select(static e => e.Attempt), Is.All.EqualTo(1));
        Assert.That(events[^1].Run, Is.EqualTo(new RunSummary(3, 1, 3)));
        Assert.That(Codes(host), Is.EqualTo(new[] { FailureCode.FlowViolation }));
        Assert.That(host.Failures.Latest(1).Single().Message, Does.Contain("twice"));
    }

    [Test]
    public async Task FirstBeginning_NamesALaterAttempt_BeginsItAndSkipsTheOthers()
    {
        await using var host = await StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();

        await AcceptAsync(http, Started(attempt: 3));
        await AcceptAsync(http, Started(attempt: 7));
        await AcceptAsync(http, Completed());

        var events = await page.ReadEventsAsync(3);
        Assert.That(events.Select(static e => e.Attempt), Is.EqualTo(new[] { 3, 7, 7 }));
        Assert.That(events[^1].Run, Is.EqualTo(new RunSummary(2, 2, 3)));
        Assert.That(host.Failures.Latest(10), Is.Empty);
    }

    [Test]
    public async Task OldRequest_SaysOnAfterTheNextAttemptBegan_CountsNowhereAndIsToldOnce()
    {
        await using var host = await StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var old = await PublishLines.OpenAsync(host);
        await using var current = await PublishLines.OpenAsync(host);

        await SendAsync(old, Started(), 1);
        await SendAsync(current, string.Join('\n', Started(attempt: 2), TokenJson("new")), 2);

        // Its traces differ: each has an emitter of its own, all of one attempt.
        await SendAsync(
            old,
            string.Join('\n', Enumerable.Range(0, 50).Select(static i => Traced(TokenJson($"old{i}"), $"{i % 3 + 1:x16}"))),
            50);
        var refused = await SendAsync(old, string.Join('\n', Completed(), Sign("heartbeat"), Started(attempt: 1)), 3);
        await SendAsync(current, string.Join('\n', Traced(TokenJson("more"), "000000000000000a"), Completed()), 2);

        Assert.That(refused.Select(static answer => answer.Text("code") ?? "accepted"), Is.EqualTo(new[]
        {
            "attempt_superseded", "attempt_superseded", "accepted",
        }));
        Assert.That(refused[0].GetProperty("attempt").GetInt32(), Is.EqualTo(1));
        Assert.That(refused[0].GetProperty("present_attempt").GetInt32(), Is.EqualTo(2));
        var events = await page.ReadEventsAsync(56);
        Assert.That(events.Select(static e => e.Seq), Is.EqualTo(Enumerable.Range(1, 56)), "late ones have their numbers");
        Assert.That(events.Skip(3).Take(51).Select(static e => e.Attempt), Is.All.EqualTo(1));
        Assert.That(events[^2].Attempt, Is.EqualTo(2));
        Assert.That(events[^1].Run, Is.EqualTo(new RunSummary(4, 2, 56)));
        Assert.That(
            Codes(host).Order(),
            Is.EqualTo(new[] { FailureCode.AttemptSuperseded, FailureCode.AttemptSuperseded, FailureCode.FlowViolation }.Order()),
            "each refusal, and of the late events the first");
    }

    [Test]
    public async Task NamedAttempt_BesideTheRun_DecidesWhereTheEventBelongs()
    {
        await using var host = await StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();

        Assert.That(await CodeAsync(http, Named(TokenJson(), 2)), Is.EqualTo("invalid_event"), "it has not begun");
        await AcceptAsync(http, Named(Started(), 1));
        Assert.That(await CodeAsync(http, Named(TokenJson(), 2)), Is.EqualTo("invalid_event"));
        Assert.That(await CodeAsync(http, Named(Started(), 2)), Is.EqualTo("invalid_event"), "a beginning says it in its data");
        Assert.That(await CodeAsync(http, Named(Started(attempt: 3), 2)), Is.EqualTo("invalid_event"), "and says the same there");
        Assert.That(await CodeAsync(http, Named(Started(attempt: 2, "another"), 2)), Is.EqualTo("invalid_event"));
        await AcceptAsync(http, Named(Started(attempt: 2), 2));
        await AcceptAsync(http, Named(TokenJson("late"), 1));
        await AcceptAsync(http, Named(TokenJson("now"), 2));
        Assert.That(await CodeAsync(http, Named(Completed(), 1)), Is.EqualTo("attempt_superseded"));
        await AcceptAsync(http, Named(Completed(), 2));

        var events = await page.ReadEventsAsync(5);
        Assert.That(events.Select(static e => e.Attempt), Is.EqualTo(new[] { 1, 2, 1, 2, 2 }));
        Assert.That(events[^1].Run, Is.EqualTo(new RunSummary(3, 2, 5)));
    }

    [TestCase("0")]
    [TestCase("-1")]
    [TestCase("1.5")]
    [TestCase("2147483648")]
    [TestCase("\"2\"")]
    [TestCase("{}")]
    public async Task NamedAttempt_NoNumberOfAnAttempt_IsRefused(string attempt)
    {
        await using var host = await StartAsync();
        using var http = host.CreateClient();

        Assert.That(await CodeAsync(http, Named(TokenJson(), attempt)), Is.EqualTo("invalid_event"));
        Assert.That(
            await CodeAsync(http, EventJson("agent_started", $$"""{"agent_name":"demo","attempt":{{attempt}}}""")),
            Is.EqualTo("invalid_event"));
        Assert.That(host.Failures.Latest(1).Single().Message, Does.Contain("'data.attempt' must be an integer from 1 to 2147483647"));
    }

    [Test]
    public async Task Key_SameEventOfAnotherNamedAttempt_IsAConflict()
    {
        await using var host = await StartAsync();
        using var http = host.CreateClient();
        await AcceptAsync(http, Started());
        await AcceptAsync(http, Named(TokenJson(), 1).WithKey("k"));
        await AcceptAsync(http, Started(attempt: 2));

        var again = await http.PublishExactlyAsync(Named(TokenJson(), 1).WithKey("k"));
        Assert.That((again.Status, again.IsReplay), Is.EqualTo((HttpStatusCode.Accepted, true)), "a late repetition makes no second event");
        Assert.That(await CodeAsync(http, Named(TokenJson(), 2).WithKey("k")), Is.EqualTo("idempotency_conflict"));
        Assert.That(Codes(host), Is.EqualTo(new[] { FailureCode.IdempotencyConflict }));
    }

    // The run's lease is over when nothing but the superseded publisher has spoken; its own request renews nothing either.
    [Test]
    public async Task Superseded_GoesOnPublishing_IsNoSignOfLife()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Monitoring:Enabled", "true")], time: time);
        using var http = host.CreateClient();
        await using var old = await PublishLines.OpenAsync(host);
        await SendAsync(old, Started(), 1);
        await AcceptAsync(http, Started(attempt: 2));
        var life = host.Services.GetRequiredService<RunRegistry>().Lives().Single(static life => life.Key.RunId == "r1");
        var heard = life.HeardAt;

        time.Advance(TimeSpan.FromSeconds(2));
        var answers = await SendAsync(
            old, string.Join('\n', TokenJson(), EventJson("agent_thinking", "{}"), Completed(), Sign("heartbeat"), "nonsense"), 5);
        Assert.That(await CodeAsync(http, Named(EventJson("token", "{}"), 1)), Is.EqualTo("invalid_event"));

        Assert.That(answers.Select(static a => a.Text("code") ?? a.Text("status")), Is.EqualTo(new[]
        {
            "stored", "invalid_event", "attempt_superseded", "attempt_superseded", "invalid_event",
        }));
        Assert.That((life.HeardAt, life.Attempt), Is.EqualTo((heard, 2)));
        Assert.That(
            TimeSpan.FromTicks(life.NextLook(heard, host.Services.GetRequiredService<RunLimits>()) - heard),
            Is.EqualTo(TimeSpan.FromMinutes(1)),
            "its open request renews nothing");
    }

    [TestCase(KindOfLog.Memory)]
    [TestCase(KindOfLog.Sqlite)]
    public async Task LateEvents_OfAnEarlierAttempt_AreOfTheirThreadAndAreNeverJoinedToAnother(KindOfLog log)
    {
        await using var host = await StartAsync(log);
        using var http = host.CreateClient();
        string[] events =
        [
            Started(), Started(attempt: 2), Named(TokenJson("a"), 1), Named(TokenJson("b"), 1), TokenJson("c"), TokenJson("d"), Completed(),
        ];
        foreach (var json in events)
        {
            await AcceptAsync(http, json);
        }

        var (_, thread) = await http.AskAsync("/v1/threads/t1/events?user_id=ada");
        Assert.That(
            thread.GetProperty("events").EnumerateArray().Select(static e => e.GetProperty("seq").GetInt64()),
            Is.EqualTo(Enumerable.Range(1, 7)));
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0&join=1"));
        var frames = await page.ReadEventsAsync(5);
        Assert.That(
            frames.Select(static e => (e.FromSeq, e.Seq, e.Attempt)),
            Is.EqualTo(new (long?, long, int)[] { (null, 1, 1), (null, 2, 2), (3, 4, 1), (5, 6, 2), (null, 7, 2) }));
        Assert.That(frames[^1].Run, Is.EqualTo(new RunSummary(4, 2, 7)));
    }

    [Test]
    public async Task Replay_OfADeadLetterOfAnEarlierAttempt_KeepsItsAttempt()
    {
        await using var host = await StartAsync();
        using var http = host.CreateClient();
        await AcceptAsync(http, Started(attempt: 2));
        await DeadLetters.MakeAsync(host, "ada", 1);
        await AcceptAsync(http, Started(attempt: 3));
        await AcceptAsync(http, Completed());
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        var original = (await page.ReadEventsAsync(4))[1];

        var (response, body) = await http.AskAsync("/v1/dead-letters/1/replay", HttpMethod.Post);

        Assert.That(response.IsSuccessStatusCode, Is.True, body.ToString());
        var replayed = (await page.ReadEventsAsync(1)).Single();
        Assert.That((replayed.Attempt, replayed.ReplayOf, replayed.Run), Is.EqualTo((2, original.Id, (RunSummary?)null)));
    }

    [Test]
    public async Task Emitter_OfAnAttempt_BeginsItAndIsSuperseded()
    {
        await using var host = await StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var first = await host.EmitterOfAsync("ada");
        await first.AgentStartedAsync("demo");
        await using var second = await host.EmitterOfAsync("ada", options: new EmitterOptions { Attempt = 2 });
        Assert.That(
            async () => await second.TokenAsync("x"),
            Throws.TypeOf<SendFailureException>().With.Property(nameof(PipelineException.Code)).EqualTo(FailureCode.InvalidEvent));
        await second.AgentStartedAsync("demo");
        await first.TokenAsync("late");
        Assert.That(
            async () => await first.AgentCompletedAsync("demo"),
            Throws.TypeOf<SendFailureException>().With.Property(nameof(PipelineException.Code)).EqualTo(FailureCode.AttemptSuperseded));
        await using var third = await host.EmitterOfAsync("ada");
        await third.TokenAsync("of the latest");
        await second.AgentCompletedAsync("demo");

        var events = await page.ReadEventsAsync(5);
        Assert.That(events.Select(static e => e.Attempt), Is.EqualTo(new[] { 1, 2, 1, 2, 2 }));
        Assert.That(events[^1].Run, Is.EqualTo(new RunSummary(3, 2, 5)));
        Assert.That(() => new EmitterOptions { Attempt = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    // The whole number of attempts, publishers and orders: each run has one terminal event, whose summary is that of its last attempt.
    [FsCheck.NUnit.Property(MaxTest = 60)]
    public void AnyPublishers_WhateverTheySay_EndTheRunOnceWithTheLastAttemptsCount((byte Act, byte Who)[] steps)
        => RunAsync(steps).GetAwaiter().GetResult();

    private static async Task RunAsync((byte Act, byte Who)[] steps)
    {
        await using var host = await PipelineHost.StartAsync();
        var publishers = new List<EventEmitter>();
        var model = new AttemptModel();
        try
        {
            foreach (var (act, who) in steps.Append(((byte)5, (byte)0)))
            {
                if (act % 4 == 0 || publishers.Count == 0)
                {
                    var attempt = act % 8 == 0 ? (who % 5) + 1 : (int?)null;
                    publishers.Add(await host.EmitterOfAsync("ada", options: new EmitterOptions { Attempt = attempt }));
                    model.Open(attempt);
                }

                await EmitAsync(publishers[who % publishers.Count], model, who % publishers.Count, act);
            }

            await model.CheckAsync(host);
        }
        finally
        {
            foreach (var publisher in publishers)
            {
                await publisher.DisposeAsync();
            }
        }
    }

    private static async Task EmitAsync(EventEmitter emitter, AttemptModel model, int publisher, byte act)
    {
        var type = act switch { > 240 => EventType.AgentCompleted, _ when act % 3 == 0 => EventType.AgentStarted, _ => EventType.Token };
        var expected = model.Say(publisher, type);
        try
        {
            _ = type switch
            {
                EventType.AgentCompleted => await emitter.AgentCompletedAsync("demo"),
                EventType.AgentStarted => await emitter.AgentStartedAsync("demo"),
                _ => await emitter.TokenAsync("x"),
            };
            Assert.That(expected, Is.Null);
        }
        catch (SendFailureException refused)
        {
            Assert.That(refused.Code, Is.EqualTo(expected));
        }
    }

    private static Task<PipelineHost> StartAsync(KindOfLog log = KindOfLog.Memory)
        => PipelineHost.StartAsync(settings: [("Netra:Monitoring:Enabled", "true")], log: log);

    private static FailureCode[] Codes(PipelineHost host) => [.. host.Failures.Latest(20).Select(static failure => failure.Code)];

    private static async Task AcceptAsync(HttpClient http, string json)
    {
        var (response, body) = await http.PublishAsync(json);
        Assert.That(response.IsSuccessStatusCode, Is.True, body.ToString());
    }

    private static async Task<string?> CodeAsync(HttpClient http, string json) => (await http.PublishAsync(json)).Body.Text("code");

    private static async Task<List<JsonElement>> SendAsync(PublishLines lines, string text, int answers)
    {
        await lines.SendAsync(text);
        return await lines.ReadAsync(answers);
    }

    private static string Started(int? attempt = null, string agent = "demo") => EventJson(
        "agent_started", attempt is null ? $$"""{"agent_name":"{{agent}}"}""" : $$"""{"agent_name":"{{agent}}","attempt":{{attempt}}}""");

    private static string Completed() => EventJson("agent_completed", """{"agent_name":"demo"}""");

    private static string Sign(string type) => EventJson(type, "{}");

    private static string Named(string json, object attempt) => $$"""{{json[..^1]}},"attempt":{{attempt}}}""";

    private static string Traced(string json, string span)
        => $$"""{{json[..^1]}},"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-{{span}}-01"}""";
}
