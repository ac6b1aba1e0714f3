using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Monitoring.Operators;

/// <summary><c>DELETE /v1/users/{user_id}</c> (docs/protocol.md, section 9.13).</summary>
[TestFixture(KindOfLog.Memory)]
[TestFixture(KindOfLog.Sqlite)]
[Parallelizable(ParallelScope.All)]
internal sealed class ErasureTests(KindOfLog log)
{
    private const string User = "ada/unforgettable-7f31";
    private const string Route = "/v1/users/ada%2Funforgettable-7f31";

    [Test]
    public async Task Erase_UserInMidRun_LeavesNothingAndTheBooksAddUp()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress(User));
        await using var other = await TestClient.ConnectAsync(host.SocketAddress("bob"));
        var before = (await http.AskAsync("/v1/ledger")).Body;
        await http.PublishAsync(EventJson("agent_started", """{"agent_name":"a"}""", User, "run-unforgettable-4b"));
        for (var i = 0; i < 9; i++)
        {
            await http.PublishAsync(TokenJson("words-unforgettable-0c", User, "run-unforgettable-4b"));
        }

        await http.PublishAsync(TokenJson(userId: "bob"));
        await page.AckAsync((await page.ReadEventsAsync(3))[^1].Seq);
        await Eventually.BecomesTrueAsync(
            () => host.Streams.TryGetLoaded(User, out var stream) && stream.Stages.IsAcknowledged(3), "the page has acknowledged");
        await host.Services.GetRequiredService<AlertCenter>().RecordAsync(
            "eve", "user_read", User, $"looked at {User}, twice", CancellationToken.None);
        host.Services.GetRequiredService<FailureReporter>().Report(
            new Failure(FailureCode.SilentFailure, "test", $"{User} is silent") { UserId = User });
        var emitter = await host.EmitterOfAsync(User, runId: "r2");

        var ending = page.ReadToEndAsync();
        using var answer = await http.DeleteAsync(new Uri(Route, UriKind.Relative));

        var erased = System.Text.Json.JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), erased.ToString());
        Assert.That(
            erased.EnumerateObject().Select(static member => (member.Name, member.Value.GetInt64())),
            Is.EqualTo(new[] { ("accepted", 10L), ("acknowledged", 3L), ("expired", 0L), ("dead_lettered", 0L), ("erased", 7L) }));
        Assert.That(await ending, Is.EqualTo(((WebSocketCloseStatus?)4404, "user_erased")));
        Assert.That(
            async () => await emitter.TokenAsync("x"),
            Throws.InstanceOf<SendFailureException>().With.Property("Code").EqualTo(FailureCode.ErasureUnderWay));
        var ledger = (await http.AskAsync("/v1/ledger")).Body;
        long Of(string name) => ledger.GetProperty(name).GetInt64() - before.GetProperty(name).GetInt64();
        Assert.That(
            (Of("accepted"), Of("acknowledged"), Of("pending"), Of("erased"), ledger.GetProperty("unaccounted").GetInt64(), Of("streams")),
            Is.EqualTo((11L, 3L, 1L, 7L, 0L, -1L)));
        var (unknown, _) = await http.AskAsync($"/v1/ledger?user_id={Uri.EscapeDataString(User)}");
        Assert.That(unknown.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(host.Failures.Latest(100).Where(static failure => failure.UserId == User), Is.Empty);
        Assert.That(host.Services.GetRequiredService<RunRegistry>().Lives().Where(static life => life.Key.UserKey == User), Is.Empty);
        var audit = (await http.AskAsync("/monitoring/websocket/audit")).Body.ToString();
        Assert.That(audit, Does.Contain("looked at (erased), twice").And.Not.Contain("unforgettable"));
        if (log == KindOfLog.Sqlite)
        {
            await http.PublishAsync(TokenJson(userId: "bob"));
            AssertNoByteIn(host.Services.GetRequiredService<IOptions<DataOptions>>().Value.DataDirectory);
        }

        Assert.That(other.Socket.State, Is.EqualTo(WebSocketState.Open));
        Assert.That((await other.ReadEventsAsync(1))[0].Seq, Is.EqualTo(1));
    }

    [Test]
    public async Task Erase_PageThatComesBackWithItsCursor_ResumesIntoNothingOfThePast()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        for (var i = 0; i < 5; i++)
        {
            await http.PublishAsync(TokenJson());
        }

        using var answer = await http.DeleteAsync(new Uri("/v1/users/ada", UriKind.Relative));
        answer.EnsureSuccessStatusCode();
        await http.PublishAsync(TokenJson("new"));
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada", $"&epoch={host.Streams.Epoch}&seq=3"));

        var gap = await page.ReadAsync<GapMessage>();
        var next = (await page.ReadEventsAsync(1))[0];

        var above = 5 + (1L << 20);
        Assert.That((gap.From, gap.To, gap.Cause, gap.Replay), Is.EqualTo((4L, above, GapCause.Expired, false)));
        Assert.That(next.Seq, Is.EqualTo(above + 1));
    }

    [Test]
    public async Task Erase_NobodyOrAReservedUser_IsAnswered()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();

        using var nobody = await http.DeleteAsync(new Uri("/v1/users/nobody", UriKind.Relative));
        using var reserved = await http.DeleteAsync(new Uri("/v1/users/$verification", UriKind.Relative));

        Assert.That(
            (nobody.StatusCode, reserved.StatusCode), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.BadRequest)));
    }

    private static void AssertNoByteIn(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(static file => !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            Assert.That(Encoding.Latin1.GetString(File.ReadAllBytes(file)), Does.Not.Contain("unforgettable"), file);
        }
    }
}
