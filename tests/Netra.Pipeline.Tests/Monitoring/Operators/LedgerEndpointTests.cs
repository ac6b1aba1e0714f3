using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Monitoring.Operators;

/// <summary><c>GET /v1/ledger</c> (docs/protocol.md, section 9.4).</summary>
[TestFixture(KindOfLog.Memory)]
[TestFixture(KindOfLog.Sqlite)]
[Parallelizable(ParallelScope.All)]
internal sealed class LedgerEndpointTests(KindOfLog log)
{
    private static readonly string[] Members =
    [
        "epoch", "accepted", "acknowledged", "pending", "pending_offline", "expired", "dead_lettered", "erased", "unaccounted", "streams",
        "loaded_streams", "timestamp",
    ];

    [Test]
    public async Task Ledger_SomeOfEverything_SaysWhatBecameOfIt()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        var store = host.Services.GetRequiredService<IEventLog>();
        using var http = host.CreateClient();

        // The verification at the start has published something too.
        var before = (await http.AskAsync("/v1/ledger")).Body;
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await http.PublishAsync(TokenJson());
        await http.PublishAsync(TokenJson(userId: "bob"));
        await http.PublishAsync(EventJson("agent_started", """{"agent_name":"a"}""", userId: "bob"));
        await store.ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None);
        await page.ReadEventsAsync(1);
        await http.PublishAsync(TokenJson());
        await http.PublishAsync(TokenJson());
        await http.PublishAsync(TokenJson(userId: "bob"));
        await page.AckAsync((await page.ReadEventsAsync(1))[0].Seq);
        await Eventually.BecomesTrueAsync(
            () => host.Streams.TryGetLoaded("ada", out var stream) && stream.Stages.IsAcknowledged(2), "the page has acknowledged");

        var (response, ledger) = await http.AskAsync("/v1/ledger");

        Assert.That(response.Content.Headers.ContentType?.ToString(), Is.EqualTo("application/json"));
        Assert.That(response.Headers.CacheControl?.NoStore, Is.True);
        Assert.That(ledger.EnumerateObject().Select(static m => m.Name), Is.EqualTo(Members));
        Assert.That(ledger.Text("epoch"), Is.EqualTo(host.Streams.Epoch));
        Assert.That(
            Members[1..9].Select(name => ledger.GetProperty(name).GetInt64() - before.GetProperty(name).GetInt64()),
            Is.EqualTo(new long[] { 6, 1, 2, 1, 2, 1, 0, 0 }));
        Assert.That(ledger.GetProperty("unaccounted").GetInt64(), Is.Zero);
        Assert.That(ledger.GetProperty("streams").GetInt64(), Is.EqualTo(before.GetProperty("streams").GetInt64() + 2));
    }

    [Test]
    public async Task Ledger_OfOneUser_IsTheirsAlone()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await http.PublishAsync(TokenJson());
        await http.PublishAsync(TokenJson(userId: "bob/+ä"));
        await http.PublishAsync(TokenJson(userId: "bob/+ä"));

        var (response, ledger) = await http.AskAsync($"/v1/ledger?user_id={Uri.EscapeDataString("bob/+ä")}");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(ledger.EnumerateObject().Select(static m => m.Name), Is.EqualTo(Members));
        Assert.That(
            Members[1..11].Select(name => ledger.GetProperty(name).GetInt64()), Is.EqualTo(new long[] { 2, 0, 2, 2, 0, 0, 0, 0, 1, 1 }));
    }

    [Test]
    public async Task Ledger_OfNobody_IsNotFoundAndMakesNoStream()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        var store = host.Services.GetRequiredService<IEventLog>();
        using var http = host.CreateClient();

        (await http.AskAsync("/v1/ledger?user_id=nobody")).ShouldBe(HttpStatusCode.NotFound, "not_found");

        Assert.That(await store.KnowsUserAsync("nobody", CancellationToken.None), Is.False);
        Assert.That(host.Streams.TryGetLoaded("nobody", out _), Is.False);
    }

    [Test]
    public async Task Ledger_PipelineFailedOrStopped_IsShownWhileTheLogIsOpen()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();

        host.Bridge.Fail("the disk is gone");
        Assert.That((await http.AskAsync("/v1/ledger")).Response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        host.Bridge.Stop();
        (await http.AskAsync("/v1/ledger")).ShouldBe(HttpStatusCode.ServiceUnavailable, "not_initialized");
    }

    [TestCase("user_id=")]
    [TestCase("user_id=a%00")]
    [TestCase("user_id=a&user_id=a")]
    public async Task Ledger_OfNoUserId_IsRefused(string query)
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();

        (await http.AskAsync($"/v1/ledger?{query}")).ShouldBe(HttpStatusCode.BadRequest, "bad_request");
    }
}
