using System.Text.Json;
using Netra.Pipeline.Client;
using Netra.Pipeline.Tests.Client.Chaos;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Client.Publishing;

/// <summary>clients/python/netra_pipeline.py in a process of its own, on the real server, with a connection that is cut.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class PythonPublisherTests
{
    [Test]
    public async Task Backend_OnThePythonClient_IsAnsweredSpokenToCancelledAndRefused()
    {
        await using var host = await PipelineHost.StartAsync(log: KindOfLog.Sqlite);
        await using var relay = new RudeRelay(host.Port, pieceBytes: 300);
        await using var page = new RecordingClient(host.HttpAddress);
        await page.WhenConnectedAsync();
        using var backend = new ChaosProgram(
            "python3", Repository.PathOf("tests/publishers/publish_with_client.py"), $"{relay.Address}");

        await page.WhenAsync(() => page.Handled.OfType<RunWaiting>().Any(), "it asks");
        await page.Client.AnswerAsync(page.Handled.OfType<RunWaiting>().First(), JsonElement.Parse("\"green\""));
        await page.Client.SendMessageAsync("t1", "hurry");
        await page.WhenAsync(() => page.Handled.OfType<Token>().Any(), "it speaks");
        relay.Cut();
        await page.WhenAsync(
            () => page.Handled.OfType<Token>().Sum(static token => token.Seq - token.FirstSeq + 1) == 500, "all of it is there");
        await page.Client.CancelRunAsync("t1", "r1");
        var said = await backend.EndAsync(string.Empty, TestClient.Patience * 2);
        await page.WhenAsync(() => page.Handled.OfType<AgentFailed>().Count() == 4, "what was left has ended");

        Assert.That(
            string.Concat(page.Handled.OfType<Token>().Select(static token => token.Delta)),
            Is.EqualTo(string.Concat(Enumerable.Range(0, 500).Select(static i => $"{i} "))));
        Assert.That(page.Handled.OfType<AgentCancelled>().Single().Reason, Is.EqualTo("as the user wants"));
        Assert.That(page.Handled.OfType<AgentFailed>().Select(static failed => failed.Error.Code), Is.All.EqualTo("run_abandoned"));
        Assert.That(page.Incomplete, Is.Empty);
        Assert.That(said.Select(static line => line.ToString()), Is.SupersetOf(new[]
        {
            """{"started": 1}""",
            """{"answer": "green", "by": "ada", "again": "green"}""",
            """{"command": "ChatMessageCommand"}""",
            """{"command": "CancelRunCommand"}""",
            """{"rejected": "run_ended"}""",
            """{"waiting": 0}""",
            """{"timeout": true}""",
            """{"end": "event_too_large"}""",
            """{"unknown": true}""",
            """{"again": "run_ended"}""",
        }));
    }
}
