using System.Net;
using System.Net.Http.Json;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Monitoring;

namespace Netra.Pipeline.Tests.Gate;

/// <summary>Spec A5: tokens are refused before they are accepted, lifecycle events go on, and clients are told.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class EmergencyModeTests
{
    private const string Route = "/monitoring/websocket/emergency/mode";

    [Test]
    public async Task Mode_TurnedOnAndOff_RefusesTokensTellsPagesAndIsAudited()
    {
        await using var host = await MonitoredHost.StartAsync();
        await using var before = await TestClient.ConnectAsync(host.Pipeline.SocketAddress("ada"));
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo"}"""));
        using (var on = await host.Http.PutAsJsonAsync(Route, new { reason = "the disk is slow", author = "eve" }))
        {
            Assert.That(on.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        (await host.Http.PublishAsync(PublishExtensions.TokenJson())).ShouldBe(HttpStatusCode.ServiceUnavailable, "emergency_mode");
        (await host.Http.PublishAsync(PublishExtensions.EventJson("custom", """{"name":"n","value":1}"""))).ShouldBe(
            HttpStatusCode.ServiceUnavailable, "emergency_mode");
        var (_, thinking) = await host.Http.PublishAsync(PublishExtensions.EventJson("agent_thinking", """{"thought":"?"}"""));
        Assert.That(thinking.Seq(), Is.EqualTo(2), "what was refused has no number");
        var told = await before.ReadAsync<ErrorMessage>();
        Assert.That((told.Code, told.Message.Contains("the disk is slow", StringComparison.Ordinal)), Is.EqualTo(("emergency_mode", true)));
        await using var later = await TestClient.ConnectAsync(host.Pipeline.SocketAddress("bob"));
        Assert.That((await later.ReadAsync<ErrorMessage>()).Code, Is.EqualTo("emergency_mode"));

        var (_, off) = await host.Http.AskAsync(Route, HttpMethod.Delete);
        Assert.That(off.GetProperty("on").GetBoolean(), Is.False);
        var (accepted, _) = await host.Http.PublishAsync(PublishExtensions.TokenJson());
        Assert.That(accepted.IsSuccessStatusCode, Is.True);
        var (_, audit) = await host.Http.AskAsync("/monitoring/websocket/audit");
        Assert.That(
            audit.GetProperty("entries").EnumerateArray().Select(static entry => entry.Text("action")),
            Is.SupersetOf(new[] { "emergency_mode_began", "emergency_mode_ended" }));
    }

    [TestCase("{}")]
    [TestCase("""{"reason":""}""")]
    [TestCase("""{"reason":7}""")]
    [TestCase("[]")]
    public async Task Mode_BodyThatIsNotValid_ChangesNothing(string body)
    {
        await using var host = await MonitoredHost.StartAsync();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var answer = await host.Http.PutAsync(Route, content);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        var (_, mode) = await host.Http.AskAsync(Route);
        Assert.That(mode.GetProperty("on").GetBoolean(), Is.False);
    }
}
