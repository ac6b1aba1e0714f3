using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary>Lines under idempotency keys (docs/protocol.md, section 9.2).</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class IdempotentLinesTests
{
    [Test]
    public async Task Lines_WithTheKeyOfAnEarlierOne_GetItsReceipt()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var lines = await PublishLines.OpenAsync(host);

        await lines.SendAsync(string.Join(
            '\n',
            TokenJson("1").WithKey("k"),
            TokenJson("1").WithKey("k"),
            TokenJson("2").WithKey("k"),
            TokenJson("3"),
            TokenJson("1").WithKey("k")));
        var answers = await lines.CompleteAsync();

        Assert.That(
            answers.Select(static a => a.Text("code") ?? $"{a.Seq()}"),
            Is.EqualTo(new[] { "1", "1", "idempotency_conflict", "2", "1" }));
        Assert.That(answers[1].GetRawText(), Is.EqualTo(answers[0].GetRawText()));
        Assert.That(answers[4].GetRawText(), Is.EqualTo(answers[0].GetRawText()));
    }

    [Test]
    public async Task Lines_DuplicatesWhileNothingIsStored_AreReadOnAndAnsweredInOrder()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>());
        var log = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var lines = await PublishLines.OpenAsync(host);
        log.Hold();

        await lines.SendAsync(string.Join(
            '\n',
            TokenJson("1").WithKey("k"),
            TokenJson("1").WithKey("k"),
            "nonsense",
            TokenJson("2"),
            TokenJson("1").WithKey("k"),
            TokenJson("3")));

        // What stands behind the duplicates has been read though their first is not stored.
        Assert.That((await page.ReadEventsAsync(3)).Select(static e => e.Data.Text("delta")), Is.EqualTo(new[] { "1", "2", "3" }));
        var first = lines.ReadAsync();
        using var http = host.CreateClient();
        for (var i = 0; i < 20; i++)
        {
            using var other = await http.GetAsync("/livez");
        }

        Assert.That(first.IsCompleted, Is.False);
        log.Release();

        Assert.That((await first)!.Value.Seq(), Is.EqualTo(1));
        Assert.That(
            (await lines.CompleteAsync()).Select(static a => a.Text("code") ?? $"{a.Seq()}"),
            Is.EqualTo(new[] { "1", "invalid_event", "2", "1", "3" }));
    }

    [Test]
    public async Task Lines_OfTwoRequestsAtOnce_ShareTheirKeys()
    {
        const int Count = 2000;
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>());
        await using var one = await PublishLines.OpenAsync(host);
        await using var other = await PublishLines.OpenAsync(host);
        var text = string.Join('\n', Enumerable.Range(0, Count).Select(static i => TokenJson($"{i}").WithKey($"k{i}")));

        var reading = (one.ReadAsync(Count), other.ReadAsync(Count));
        await Task.WhenAll(one.SendAsync(text), other.SendAsync(text));

        var receipts = (await reading.Item1).Select(static r => r.GetRawText()).ToArray();
        Assert.That((await reading.Item2).Select(static r => r.GetRawText()), Is.EqualTo(receipts));
        Assert.That(receipts, Is.Unique);
        using var http = host.CreateClient();
        Assert.That((await http.PublishAsync(TokenJson())).Body.Seq(), Is.EqualTo(Count + 1));
        await Eventually.BecomesTrueAsync(
            () => host.Services.GetRequiredService<IdempotencyIndex>().Count == 0, "no key is in memory any more");
    }

    [Test]
    public async Task Lines_WithTheHeader_AreRefused()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        var answer = await http.PublishAsync(
            Encoding.UTF8.GetBytes(TokenJson()), "application/x-ndjson", static request => request.Headers.Add("Idempotency-Key", "k"));

        answer.ShouldBe(HttpStatusCode.BadRequest, "invalid_event");
        Assert.That(answer.Body.Text("detail"), Does.Contain("each line has an idempotency_key of its own"));
        Assert.That(host.Failures.Total, Is.EqualTo(1));
    }
}
