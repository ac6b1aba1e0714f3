using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Alerting.Operators;

/// <summary>The routes of alerts under <c>/monitoring/websocket</c> (docs/protocol.md, section 11).</summary>
[TestFixture(KindOfLog.Memory)]
[TestFixture(KindOfLog.Sqlite)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class AlertEndpointsTests(KindOfLog log)
{
    private const string Prefix = "/monitoring/websocket";
    private readonly ScriptedNotifier _pager = new("pager");

    [Test]
    public async Task Alerts_Firing_AreListedAcknowledgedAndOver()
    {
        await using var host = await StartAsync();
        using var http = host.CreateClient();
        Evaluate(host, 3);

        var (response, list) = await http.AskAsync(Prefix + "/alerts");
        var alert = list.GetProperty("alerts")[0];
        Assert.That(
            (response.StatusCode, response.Content.Headers.ContentType?.ToString()), Is.EqualTo((HttpStatusCode.OK, "application/json")));
        Assert.That(
            alert.EnumerateObject().Select(static member => member.Name),
            Is.EqualTo(new[] { "id", "name", "severity", "state", "since", "value", "threshold", "labels", "summary", "level" }));
        Assert.That(
            (alert.Text("id"), alert.Text("severity"), alert.Text("state"), alert.Text("level")),
            Is.EqualTo(("high_latency", "medium", "firing", "operations")));
        await Eventually.BecomesTrueAsync(() => _pager.Taken.Contains("trigger high_latency"), "the channel was told");

        var acknowledged = await SendAsync(
            http, HttpMethod.Post, "/alerts/high_latency/acknowledge", """{"author":"ada","comment":"on it","timeout_s":60}""");
        Assert.That(acknowledged.Body.GetProperty("alerts")[0].Text("acknowledged_by"), Is.EqualTo("ada"), acknowledged.Body.ToString());
        (await SendAsync(http, HttpMethod.Post, "/alerts/high_latency/resolve")).ShouldBe(HttpStatusCode.Conflict, "alert_automatic");
        (await SendAsync(http, HttpMethod.Post, "/alerts/nothing/acknowledge")).ShouldBe(HttpStatusCode.NotFound, "not_found");
        (await SendAsync(http, HttpMethod.Post, "/alerts/high_latency/acknowledge", """{"timeout_s":0}""")).ShouldBe(
            HttpStatusCode.BadRequest, "bad_request");

        Evaluate(host, 0);
        (await SendAsync(http, HttpMethod.Post, "/alerts/high_latency/acknowledge")).ShouldBe(HttpStatusCode.Conflict, "alert_resolved");
        Assert.That(
            (await http.AskAsync(Prefix + "/alerts")).Body.GetProperty("alerts")[0].GetProperty("resolved_at").GetDouble(),
            Is.GreaterThan(0));
        await Eventually.BecomesTrueAsync(() => _pager.Taken.Contains("resolve high_latency"), "the channel was told that it is over");

        var (_, history) = await http.AskAsync(Prefix + "/alerts/history?limit=1");
        Assert.That((history.GetProperty("history")[0].Text("what"), history.GetProperty("next").GetInt64()), Is.EqualTo(("firing", 1)));
        (await http.AskAsync(Prefix + "/alerts/history?limit=0")).ShouldBe(HttpStatusCode.BadRequest, "bad_request");
        var (_, audit) = await http.AskAsync(Prefix + "/audit");
        Assert.That(
            (audit.GetProperty("entries")[0].Text("author"), audit.GetProperty("entries")[0].Text("action")),
            Is.EqualTo(("ada", "alert_acknowledged")));
    }

    [Test]
    public async Task Emergency_RaisedByHand_IsToldToEveryLevelAndResolvedByHand()
    {
        await using var host = await StartAsync();
        using var http = host.CreateClient();
        var raised = await SendAsync(
            http,
            HttpMethod.Post,
            "/emergency/alert",
            """{"title":"Fire","message":"The building burns.","severity":"critical","author":"ada"}""");
        Assert.That(raised.Response.StatusCode, Is.EqualTo(HttpStatusCode.Created), raised.Body.ToString());
        var id = raised.Body.Text("id");
        await Eventually.BecomesTrueAsync(() => _pager.Tried.Count == 4, "every level was told");
        Assert.That(_pager.Tried.Select(static tried => tried.Notification.Level), Is.EqualTo(Enum.GetValues<EscalationLevel>()));

        var resolved = await SendAsync(http, HttpMethod.Post, $"/alerts/{id}/resolve", """{"author":"bob"}""");
        Assert.That(
            (resolved.Response.StatusCode, resolved.Body.GetProperty("alerts")[0].Text("state")),
            Is.EqualTo((HttpStatusCode.OK, "resolved")));
        (await SendAsync(http, HttpMethod.Post, $"/alerts/{id}/resolve")).ShouldBe(HttpStatusCode.Conflict, "alert_resolved");
        await Eventually.BecomesTrueAsync(
            () => _pager.Taken.Count(static taken => taken == "resolve emergency") == 4, "all of them are told that it is over");
        (await SendAsync(http, HttpMethod.Post, "/emergency/alert", """{"title":"","severity":"bad","extra":1}""")).ShouldBe(
            HttpStatusCode.BadRequest, "bad_request");
        (await SendAsync(http, HttpMethod.Post, "/emergency/alert", "[1]")).ShouldBe(HttpStatusCode.BadRequest, "bad_request");
        (await SendAsync(http, HttpMethod.Post, "/emergency/alert", "{", "text/plain")).ShouldBe(
            HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");
    }

    [Test]
    public async Task Silences_ComeAndGo()
    {
        await using var host = await StartAsync();
        using var http = host.CreateClient();
        var made = await SendAsync(
            http, HttpMethod.Post, "/silences", """{"rule":"high_latency","comment":"known","author":"ada","duration_s":600}""");
        Assert.That(made.Response.StatusCode, Is.EqualTo(HttpStatusCode.Created), made.Body.ToString());
        Evaluate(host, 3);
        Assert.That(
            (await http.AskAsync(Prefix + "/alerts")).Body.GetProperty("alerts")[0].Text("silenced_by"), Is.EqualTo(made.Body.Text("id")));
        Assert.That(_pager.Tried, Is.Empty);
        Assert.That((await http.AskAsync(Prefix + "/silences")).Body.GetProperty("silences")[0].Text("author"), Is.EqualTo("ada"));

        Assert.That(
            (await SendAsync(http, HttpMethod.Delete, $"/silences/{made.Body.Text("id")}")).Response.StatusCode,
            Is.EqualTo(HttpStatusCode.NoContent));
        await Eventually.BecomesTrueAsync(() => _pager.Taken.Count == 1, "what was silenced is told now");
        (await SendAsync(http, HttpMethod.Delete, "/silences/nothing")).ShouldBe(HttpStatusCode.NotFound, "not_found");
        (await SendAsync(http, HttpMethod.Post, "/silences", """{"rule":"nothing","comment":"x","duration_s":1}""")).ShouldBe(
            HttpStatusCode.BadRequest, "bad_request");
        (await SendAsync(http, HttpMethod.Post, "/silences", """{"duration_s":0}""")).ShouldBe(HttpStatusCode.BadRequest, "bad_request");
    }

    [Test]
    public async Task Rules_Changed_CountAtOnceAndAreAudited()
    {
        await using var host = await StartAsync();
        using var http = host.CreateClient();
        Assert.That(
            (await http.AskAsync(Prefix + "/rules")).Body.GetProperty("rules").GetArrayLength(), Is.EqualTo(new AlertRules().All.Count));
        var changed = await SendAsync(
            http, HttpMethod.Put, "/rules/high_latency", """{"threshold":0.5,"severity":"critical","author":"ada"}""");
        Assert.That(
            (
                changed.Body.GetProperty("threshold").GetDouble(),
                changed.Body.GetProperty("clear_threshold").GetDouble(),
                changed.Body.Text("severity")),
            Is.EqualTo((0.5, 0.5, "critical")));
        Evaluate(host, 1);
        Assert.That((await http.AskAsync(Prefix + "/alerts")).Body.GetProperty("alerts")[0].Text("severity"), Is.EqualTo("critical"));

        (await SendAsync(http, HttpMethod.Put, "/rules/high_latency", """{"clear_threshold":9}""")).ShouldBe(
            HttpStatusCode.BadRequest, "bad_request");
        (await SendAsync(http, HttpMethod.Put, "/rules/high_latency", """{"treshold":9}""")).ShouldBe(
            HttpStatusCode.BadRequest, "bad_request");
        (await SendAsync(http, HttpMethod.Put, "/rules/nothing", "{}")).ShouldBe(HttpStatusCode.NotFound, "not_found");
        Assert.That((await http.AskAsync(Prefix + "/rules/high_latency")).Body.GetProperty("threshold").GetDouble(), Is.EqualTo(0.5));
        Assert.That(
            (await http.AskAsync(Prefix + "/audit")).Body.GetProperty("entries")[0].Text("detail"),
            Does.Contain("\"threshold\":2").And.Contain("\"threshold\":0.5"));
    }

    [Test]
    public async Task Policy_Changed_IsCheckedAgainstTheChannels()
    {
        await using var host = await StartAsync();
        using var http = host.CreateClient();
        const string Policy =
            """{"steps":[{"level":"operations","delay_s":0,"channels":["pager"]},"""
            + """{"level":"management","delay_s":60,"channels":["log"]}],"""
            + "\"always_inform\":[{\"rule\":\"silent_failures\",\"level\":\"management\"}],\"acknowledge_timeout_s\":120}";
        var changed = await SendAsync(http, HttpMethod.Put, "/escalation-policy", Policy);
        Assert.That(changed.Body.GetRawText(), Is.EqualTo(Policy));
        Assert.That((await http.AskAsync(Prefix + "/escalation-policy")).Body.GetRawText(), Is.EqualTo(Policy));

        var refused = await SendAsync(
            http,
            HttpMethod.Put,
            "/escalation-policy",
            Policy.Replace("\"pager\"", "\"fax\"", StringComparison.Ordinal).Replace(
                "silent_failures", "nothing", StringComparison.Ordinal));
        refused.ShouldBe(HttpStatusCode.BadRequest, "bad_request");
        Assert.That(refused.Body.Text("detail"), Does.Contain("fax").And.Contain("pager").And.Contain("nothing"));
        (await SendAsync(http, HttpMethod.Put, "/escalation-policy", "{}")).ShouldBe(HttpStatusCode.BadRequest, "bad_request");
    }

    [Test]
    public async Task Configuration_ExportedAndImported_IsTheSame()
    {
        await using var host = await StartAsync();
        using var http = host.CreateClient();
        await SendAsync(http, HttpMethod.Put, "/rules/high_latency", """{"threshold":0.5,"for_s":7}""");
        await SendAsync(http, HttpMethod.Post, "/silences", """{"labels":{"code":"tool_failed"},"comment":"known","duration_s":600}""");
        var exported = (await http.AskAsync(Prefix + "/configuration")).Body.GetRawText();
        await SendAsync(http, HttpMethod.Put, "/rules/high_latency", """{"threshold":4}""");

        var imported = await SendAsync(http, HttpMethod.Put, "/configuration", exported);
        Assert.That(imported.Body.GetRawText(), Is.EqualTo(exported));
        Assert.That((await http.AskAsync(Prefix + "/rules/high_latency")).Body.GetProperty("for_s").GetDouble(), Is.EqualTo(7));

        var broken = exported.Replace("\"for_s\":7", "\"for_s\":-7", StringComparison.Ordinal);
        (await SendAsync(http, HttpMethod.Put, "/configuration", broken)).ShouldBe(HttpStatusCode.BadRequest, "bad_request");
        (await SendAsync(http, HttpMethod.Put, "/configuration", """{"version":2}""")).ShouldBe(HttpStatusCode.BadRequest, "bad_request");
        Assert.That(
            (await http.AskAsync(Prefix + "/configuration")).Body.GetRawText(), Is.EqualTo(exported), "what is refused changes nothing");
    }

    [Test]
    public async Task Channels_Tested_AnswerWithTheReason()
    {
        await using var host = await StartAsync();
        using var http = host.CreateClient();
        Assert.That(
            (await SendAsync(http, HttpMethod.Post, "/channels/pager/test")).Response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        _pager.Script = static (_, _) => throw new NotificationFailedException("unknown key", isPermanent: true);
        var refused = await SendAsync(http, HttpMethod.Post, "/channels/pager/test");
        refused.ShouldBe(HttpStatusCode.BadGateway, "notification_failed");
        Assert.That(refused.Body.Text("detail"), Does.Contain("unknown key"));
        (await SendAsync(http, HttpMethod.Post, "/channels/fax/test")).ShouldBe(HttpStatusCode.NotFound, "not_found");
    }

    [Test]
    public void Options_AllThatIsWrong_IsSaidAtOnce()
    {
        var (app, _) = PipelineHost.Build(settings:
        [
            ("Netra:Alerting:Cooldown", "2.00:00:00"),
            ("Netra:Alerting:Escalation:Steps:0:Channels:0", "fax"),
            ("Netra:Alerting:Escalation:AlwaysInform:0:Rule", "nothing"),
            ("Netra:Alerting:Watchdog:Channel", "telex"),
        ]);

        Assert.That(
            async () => await app.StartAsync(),
            Throws.InstanceOf<OptionsValidationException>()
                .With.Message.Contains("Cooldown").And.Message.Contains("fax").And.Message.Contains("nothing").And.Message.Contains(
                    "telex"));
    }

    private static async Task<(HttpResponseMessage Response, JsonElement Body)> SendAsync(
        HttpClient http, HttpMethod method, string path, string? json = null, string type = "application/json")
    {
        using var content = json is null ? null : new StringContent(json, Encoding.UTF8, type);
        using var request = new HttpRequestMessage(method, Prefix + path) { Content = content };
        var response = await http.SendAsync(request);
        var body = await response.Content.ReadAsByteArrayAsync();
        return (response, body.Length == 0 ? default : JsonElement.Parse(body));
    }

    private static void Evaluate(PipelineHost host, double latency)
    {
        var alerts = host.Services.GetRequiredService<AlertCenter>();
        var signals = alerts.Rules.Select(static rule => rule.Signal).Where(static signal => signal != AlertRules.SignalAge);
        alerts.Evaluate(
        [
            .. signals.Distinct(StringComparer.Ordinal).Select(signal
                => new SignalReading(signal, null, signal == Signals.DeliveryLatency ? latency : EngineUnderTest.BestOf(signal))),
        ]);
    }

    private Task<PipelineHost> StartAsync()
        => PipelineHost.StartAsync(pipeline => pipeline.Services.AddSingleton<INotifier>(_pager), log: log);
}
