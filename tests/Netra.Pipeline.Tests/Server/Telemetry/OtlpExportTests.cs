using System.Net;
using System.Text;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server.Telemetry;

/// <summary>The real server, exporting by the standard variables to a receiver that is none of ours.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class OtlpExportTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Publisher = "b7ad6b7169203331";

    private DirectoryInfo _folder = null!;
    private OtlpReceiver _receiver = null!;
    private EventMessage _published = null!;
    private List<EventMessage> _run = null!;

    /// <summary>
    /// One story is told of all three signals: a run that is published over HTTP, one of the demo agent, and an operator who looks.
    /// </summary>
    [OneTimeSetUp]
    public async Task TellAsync()
    {
        _folder = Directory.CreateTempSubdirectory("netra-otlp-");
        _receiver = await OtlpReceiver.StartAsync();
        await using var server = ServerProcess.Start(
            "Development",
            [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", _receiver.Address.ToString()),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                ("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer secret"),
                ("OTEL_SERVICE_NAME", "netra-under-test"),
                ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
                ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
            ],
            $"--Netra:DataDirectory={_folder.FullName}",
            "--Netra:Demo:TokenDelay=00:00:00");
        using var http = new HttpClient
        {
            BaseAddress = new Uri($"http://127.0.0.1:{await server.WhenListeningAsync()}"),
            Timeout = TestClient.Patience,
        };
        await Eventually.BecomesTrueAsync(
            async () => (await http.GetAsync("/readyz")).StatusCode == HttpStatusCode.OK, "the server is ready");
        await using var page = await TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{http.BaseAddress.Port}/ws?user_id=ada"));

        foreach (var (type, data) in new[]
        {
            ("agent_started", """{"agent_name":"x"}"""),
            ("token", """{"delta":"hi"}"""),
            ("agent_completed", """{"agent_name":"x"}"""),
        })
        {
            var (response, _) = await http.PublishAsync(
                Encoding.UTF8.GetBytes(PublishExtensions.EventJson(type, data)),
                configure: static request => request.Headers.TryAddWithoutValidation("traceparent", $"00-{Trace}-{Publisher}-01"));
            Assert.That((int)response.StatusCode, Is.InRange(200, 299));
        }

        _published = (await page.ReadEventsAsync(3))[^1];
        await page.AckAsync(_published.Seq);
        await page.SendAsync("""{"type":"chat_message","id":"m1","thread_id":"t1","content":"What is 2+2?"}""");
        _run = (await page.ReadEventsAsync(2))[1..];
        while (!EventTypes.IsTerminal(_run[^1].EventType!.Value))
        {
            _run.Add(await page.ReadAsync<EventMessage>());
        }

        await page.AckAsync(_run[^1].Seq);
        await http.AskAsync("/v1/ledger?user_id=ada");
        await page.CloseAsync();
        await Eventually.BecomesTrueAsync(
            () => _receiver.Items("metrics").Any(static metric => metric.Name == "netra.connection.duration"),
            "metrics come while the server runs");
        await server.StopAsync();
        await _receiver.EndAsync();
    }

    [OneTimeTearDown]
    public async Task EndAsync()
    {
        await _receiver.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Test]
    public void Requests_All_CarryTheHeadersAndTheResourceOfTheVariables()
    {
        Assert.That(
            _receiver.Requests.Select(static request => request.GetProperty("headers").GetProperty("authorization").GetString()),
            Is.All.EqualTo("Bearer secret"));
        foreach (var signal in new[] { "traces", "metrics", "logs" })
        {
            var resource = _receiver.Items(signal)[0].ResourceAttributes;
            Assert.That(
                (resource["service.name"], resource["deployment.environment.name"]), Is.EqualTo(("netra-under-test", "test")), signal);
            Assert.That(resource["service.version"], Is.Not.Empty);
        }
    }

    [Test]
    public void Spans_OfAPublishedRun_LeadFromThePublisherToTheAcknowledgement()
    {
        var sent = Spans("send users/{user_id}").Where(static span => span.Attributes["netra.run.id"] == "r1").ToList();
        var settled = Spans("settle users/{user_id}").Single(static span => span.Attributes["netra.run.id"] == "r1");

        Assert.Multiple(() =>
        {
            Assert.That(
                sent.Select(static span => span.Attributes["netra.event.type"]),
                Is.EquivalentTo(new[] { "agent_started", "agent_completed" }),
                "tokens have none");
            Assert.That(
                sent.Select(static span => (span.Item.Text("traceId"), span.Item.Text("parentSpanId"), span.Item.Text("kind"))),
                Is.All.EqualTo((Trace, Publisher, "SPAN_KIND_PRODUCER")));
            Assert.That(_published.TraceParent, Is.EqualTo($"00-{Trace}-{Publisher}-01"));
            var link = settled.Item.GetProperty("links").EnumerateArray().Single();
            Assert.That((link.Text("traceId"), link.Text("spanId")), Is.EqualTo((Trace, Publisher)));
            Assert.That(settled.Item.Text("kind"), Is.EqualTo("SPAN_KIND_CLIENT"));
            Assert.That(settled.Attributes["messaging.message.id"], Is.EqualTo(_published.Id));
            Assert.That(sent[^1].Attributes["messaging.message.id"], Is.EqualTo(_published.Id));
            Assert.That(
                long.Parse(settled.Item.Text("endTimeUnixNano")!),
                Is.GreaterThanOrEqualTo(long.Parse(settled.Item.Text("startTimeUnixNano")!)));
        });
    }

    [Test]
    public void Spans_OfAnAgentsRun_AreTheRunItsToolAndItsAcknowledgement()
    {
        var run = Spans("invoke_agent demo").Single();
        var tool = Spans("execute_tool calculate").Single();
        var settled = Spans("settle users/{user_id}").Single(span => span.Attributes["netra.run.id"] == _run[0].RunId);
        var link = settled.Item.GetProperty("links").EnumerateArray().Single();

        Assert.Multiple(() =>
        {
            Assert.That(
                (run.Attributes["gen_ai.operation.name"], run.Attributes["gen_ai.agent.name"], run.Attributes["gen_ai.conversation.id"]),
                Is.EqualTo(("invoke_agent", "demo", "t1")));
            Assert.That(
                (tool.Attributes["gen_ai.operation.name"], tool.Attributes["gen_ai.tool.name"], tool.Attributes["gen_ai.tool.call.id"]),
                Is.EqualTo(("execute_tool", "calculate", "call-1")));
            Assert.That(
                (tool.Item.Text("traceId"), tool.Item.Text("parentSpanId")),
                Is.EqualTo((run.Item.Text("traceId"), run.Item.Text("spanId"))));
            Assert.That(
                _run.Select(static message => message.TraceParent),
                Is.All.EqualTo($"00-{run.Item.Text("traceId")}-{run.Item.Text("spanId")}-01"));
            Assert.That((link.Text("traceId"), link.Text("spanId")), Is.EqualTo((run.Item.Text("traceId"), run.Item.Text("spanId"))));
        });
    }

    [Test]
    public void Spans_OfRequests_AreNamedByTheirRoute()
    {
        var request = Spans("POST /v1/events")[0];

        Assert.That(
            (request.Attributes["http.route"], request.Attributes["http.request.method"], request.Attributes["http.response.status_code"]),
            Is.EqualTo(("/v1/events", "POST", "201")));
    }

    [Test]
    public void Spans_All_NameNoUser()
        => Assert.That(
            _receiver.Items("traces")
                .SelectMany(static span => span.Attributes)
                .Where(static attribute => attribute.Key.Contains("user", StringComparison.Ordinal) || attribute.Value == "ada"),
            Is.Empty);

    [Test]
    public void Metrics_OfTheProductAndItsHost_HaveNamesUnitsAndAttributes()
    {
        var metrics = _receiver.Items("metrics");
        var tool = metrics.Last(static metric => metric.Name == "gen_ai.execute_tool.duration");
        var published = metrics.Last(static metric => metric.Name == "netra.events.published");
        var bounds = tool.Points.First().GetProperty("explicitBounds").EnumerateArray().Select(static bound => bound.GetDouble()).ToList();

        Assert.Multiple(() =>
        {
            Assert.That(
                metrics.Select(static metric => metric.Scope).Distinct(),
                Is.SupersetOf(
                    new[] { "Netra.Pipeline", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Hosting", "System.Runtime" }));
            Assert.That((tool.Item.Text("unit"), bounds[0], bounds[^1]), Is.EqualTo(("s", 0.01, 81.92)));
            Assert.That(OtlpItem.AttributesOf(tool.Points.First())["gen_ai.tool.name"], Is.EqualTo("calculate"));
            Assert.That(CountOf(published, "agent_started"), Is.EqualTo(2));
            Assert.That(
                metrics.Last(static metric => metric.Name == "netra.events.acknowledged").Points.Single().Text("asInt"),
                Is.EqualTo($"{_run[^1].Seq}"),
                "all that were sent");
            Assert.That(metrics.Last(static metric => metric.Name == "netra.log.commit.duration").Item.Text("unit"), Is.EqualTo("s"));
            Assert.That(
                OtlpItem.AttributesOf(metrics.Last(static metric => metric.Name == "netra.run.duration").Points.Single())["netra.outcome"],
                Is.EqualTo("completed"));
        });

        static long CountOf(OtlpItem metric, string type)
            => long.Parse(metric.Points.Single(point => OtlpItem.AttributesOf(point)["netra.event.type"] == type).Text("asInt")!);
    }

    [Test]
    public void Logs_OfARunAndOfAnOperator_CarryTheirTraceAndIds()
    {
        var logs = _receiver.Items("logs");
        var run = Spans("invoke_agent demo").Single();
        var ended = logs.Single(log => log.Attributes.GetValueOrDefault("RunId") == _run[0].RunId
            && log.Item.GetProperty("body").Text("stringValue")!.Contains("completed after", StringComparison.Ordinal));
        var read = logs.Single(static log => log.Scope == "Netra.Pipeline.SecurityAudit");

        Assert.Multiple(() =>
        {
            Assert.That(
                (ended.Item.Text("traceId"), ended.Item.Text("spanId")), Is.EqualTo((run.Item.Text("traceId"), run.Item.Text("spanId"))));
            Assert.That(
                (ended.Attributes["Outcome"], ended.Attributes["Events"], ended.Attributes["UserId"]),
                Is.EqualTo(("completed", $"{_run.Count}", "ada")));
            Assert.That(
                (read.Attributes["Operation"], read.Attributes["Subject"], read.Attributes["Status"]),
                Is.EqualTo(("ReadLedger", "user_id ada", "200")));
            Assert.That(read.Item.Text("traceId"), Has.Length.EqualTo(32));
            Assert.That(
                logs.Select(static log => log.Item.GetProperty("body").Text("stringValue")),
                Has.Some.Contains("is drained"),
                "what stopping says is exported too");
        });
    }

    private List<OtlpItem> Spans(string name) => [.. _receiver.Items("traces").Where(span => span.Name == name)];
}
