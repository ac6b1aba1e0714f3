using Netra.Pipeline.Failures;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Delivery;

/// <summary>Closing a page for what it does not confirm must not hide that it is stuck.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class StuckPageTests
{
    [Test]
    public async Task StuckPage_ClosedInBetween_IsASilentFailureWhenTheWindowIsOver()
    {
        var time = new TestTimeProvider();

        // So that the second time it is closed comes after the window.
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Delivery:FirstRetry", "00:00:15")], time: time);
        var page = await AnsweringPage.ConnectAsync(host.SocketAddress("ada"));
        var first = page;
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("agent");
        await page.ReceivesAsync(1);

        // When it is closed varies by a fifth; one that has only just come back then has the time of an answer besides the window.
        for (var second = 0; second < 71 && host.Failures.Total == 0; second++)
        {
            await page.PassAsync(host, time, 1);
            if (page.Closed is not null)
            {
                page = await AnsweringPage.ResumeAsync(host, "ada", page.Welcome, seq: 0);
                await page.ReceivesAsync(1);
            }

            Assert.That(host.Failures.Total == 0 || second >= 60, Is.True, $"not before the window is over, but in second {second}");
        }

        Assert.That(page, Is.Not.SameAs(first), "it was closed once");
        var failure = host.Failures.Latest(10).Single();
        Assert.That((failure.Code, failure.ConnectionId), Is.EqualTo((FailureCode.SilentFailure, page.Welcome.ConnectionId)));
        Assert.That(
            host.Logs.Logs,
            Has.Some.Matches<CapturedLog>(static log => log.Message.StartsWith("SILENT FAILURE DETECTED:", StringComparison.Ordinal)));
        await first.DisposeAsync();
        await page.DisposeAsync();
    }

    [Test]
    public async Task ClosedPage_ConfirmsWhenItComesBack_IsNotStuck()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var page = await AnsweringPage.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("agent");
        await emitter.TokenAsync("more");
        await page.ReceivesAsync(2);
        await page.PassAsync(host, time, 40);
        Assert.That(page.Closed?.Reason, Is.EqualTo("unconfirmed"));

        await using var back = await AnsweringPage.ResumeAsync(host, "ada", page.Welcome, seq: 0);
        await back.ReceivesAsync(2);
        await back.AckAsync(host, 1);
        await back.PassAsync(host, time, 50);

        Assert.That(host.Failures.Total, Is.Zero);
        Assert.That(back.Closed, Is.Null);
    }
}
