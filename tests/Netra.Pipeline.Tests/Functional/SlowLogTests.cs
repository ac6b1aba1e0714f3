using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Events;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Delivery;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>
/// While the log stores nothing for minutes, pages are asked and heard, critical events are sent again and the books are
/// kept; when it is over nobody is cut.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class SlowLogTests
{
    private const int Minutes = 3;

    [Test]
    public async Task Log_StoresNothingForMinutes_GuardsGoOnAndNobodyIsCut()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(
            static pipeline => pipeline.UseEventLog<LogThatReleasesNothing>(), [("Netra:Streams:IdleGrace", "00:00:00")], time);
        var log = (LogThatReleasesNothing)host.Services.GetRequiredService<IEventLog>();
        await using var page = await AnsweringPage.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        log.Hold();
        await using (await AnsweringPage.ConnectAsync(host.SocketAddress("bob")))
        {
            // Whose stream is given back to the log as soon as nobody needs it.
        }

        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 1, "bob is gone");
        await host.StepAsync(time, 2);
        await Eventually.BecomesTrueAsync(() => log.IsHolding, "his stream waits for the log");

        await emitter.AgentStartedAsync("demo");
        await page.ReceivesAsync(1);
        await page.PassAsync(host, time, 12);
        await page.ReceivesAsync(2);
        Assert.That(page.Events.Count(), Is.EqualTo(2), "what is unconfirmed is sent again");
        await page.AckAsync(host, 1);
        await page.PassAsync(host, time, Minutes * 60);

        Assert.That(page.Closed, Is.Null);
        Assert.That(
            page.Messages.OfType<Netra.Pipeline.Protocol.PingMessage>().Count(),
            Is.GreaterThan(Minutes * 60 / 20),
            "it was asked all the time");
        Assert.That(host.Services.GetRequiredService<Ledger>().Latest!.Account.Acknowledged, Is.EqualTo(1), "the books are kept");
        Assert.That(
            host.Services.GetRequiredService<BackgroundWatch>().Loops.Where(static loop => loop.IsStuck).Select(static loop => loop.Loop),
            Is.Empty);

        log.Release();
        await page.PassAsync(host, time, 30);
        Assert.That(page.Closed, Is.Null);
        Assert.That((await emitter.AgentCompletedAsync("demo")).Status, Is.EqualTo(EventStatus.Queued));
    }

    /// <summary>A log that takes its time to take streams back, as one does that cannot commit.</summary>
    private sealed class LogThatReleasesNothing(IOptions<InMemoryEventLogOptions> options, TimeProvider time)
        : DelegatingEventLog(new InMemoryEventLog(options, time))
    {
        private volatile TaskCompletionSource? _held;
        private volatile bool _isHolding;

        public bool IsHolding => _isHolding;

        public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => Interlocked.Exchange(ref _held, null)?.TrySetResult();

        public override async ValueTask ReleaseAsync(
            StreamLease lease, IReadOnlyList<SeqRange> acknowledged, CancellationToken cancellationToken)
        {
            if (_held is { } held)
            {
                _isHolding = true;
                await held.Task;
            }

            await base.ReleaseAsync(lease, acknowledged, cancellationToken);
        }

        public override ValueTask DisposeAsync()
        {
            Release();
            return base.DisposeAsync();
        }
    }
}
