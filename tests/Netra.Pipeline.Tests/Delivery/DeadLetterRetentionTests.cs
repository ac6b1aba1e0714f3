using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Delivery;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class DeadLetterRetentionTests
{
    [Test]
    public async Task Retention_LettersNobodyDealtWithAreOld_GoAndAreReportedTogether()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Delivery:DeadLetterRetention", "00:10:00")], time: time);
        await DeadLetters.MakeAsync(host, "ada", 3);
        var store = host.Services.GetRequiredService<IEventLog>().DeadLetters;
        Assert.That(await store.TrySettleAsync(2, DeadLetterState.Dropped, replayedAs: null, CancellationToken.None), Is.True);
        await host.StepAsync(time, 9 * 60);
        await DeadLetters.MakeAsync(host, "bob", 1);
        Assert.That(await CountAsync(store), Is.EqualTo(4));

        await host.StepAsync(time, 2 * 60);

        await Eventually.BecomesTrueAsync(async () => await CountAsync(store) == 1, "the old ones went");
        await Eventually.BecomesTrueAsync(() => host.Failures.Total == 1, "it was told");
        var failure = host.Failures.Latest(10).Single();
        Assert.That((failure.Code, failure.UserId, failure.Numbers["count"]), Is.EqualTo((FailureCode.EventDropped, (string?)null, 2)));
        Assert.That(failure.Message, Does.Contain("00:10:00 (Netra:Delivery:DeadLetterRetention)"));
    }

    private static async Task<int> CountAsync(IDeadLetterStore store)
        => (await store.ListAsync(new DeadLetterQuery(), CancellationToken.None)).Count;
}
