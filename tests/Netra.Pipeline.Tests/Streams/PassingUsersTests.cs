using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Crash;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Streams;

/// <summary>
/// Many users pass, each once: nothing that is kept per user grows with their number but the file, and a new one costs the same whether it
/// is the hundredth or the millionth. <c>NETRA_PASSING_USERS</c> says how many.
/// </summary>
[TestFixture]
[NonParallelizable]
internal sealed class PassingUsersTests
{
    private const int Lanes = 256;

    // A stream that is loaded has some KB, and the figures of a user half of one; what passes must leave nothing.
    private const long MostBytes = 160L * 1024 * 1024;

    [Test]
    public async Task Users_PassByTheThousand_LeaveNothingInMemory()
    {
        var users = ChaosSettings.Read("NETRA_PASSING_USERS", 50_000);
        await using var host = await PipelineHost.StartAsync(log: KindOfLog.Sqlite);
        var log = host.Services.GetRequiredService<IEventLog>();
        await PassAsync(host, 0, users / 10);
        var (before, began) = (GC.GetTotalMemory(forceFullCollection: true), TimeProvider.System.GetTimestamp());
        var most = 0;
        using var watch = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        var passing = PassAsync(host, users / 10, users);
        while (!passing.IsCompleted)
        {
            await watch.WaitForNextTickAsync();
            most = Math.Max(most, host.Streams.Count);
        }

        await passing;
        var took = TimeProvider.System.GetElapsedTime(began);
        var limits = new StreamOptions();
        await Eventually.BecomesTrueAsync(() => host.Streams.Count <= limits.MaxIdleStreams + 1, "only as many stay loaded as may");
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        TestContext.Out.WriteLine(
            $"{users} users, {users * 9 / 10 / took.TotalSeconds:F0} a second, at most {most} streams loaded, "
            + $"memory {before / 1048576} MB and {grown / 1048576} MB more, working set {Environment.WorkingSet / 1048576} MB");

        Assert.That(grown, Is.LessThan(MostBytes));
        Assert.That(host.Services.GetRequiredService<UserMetricsTable>().Count, Is.LessThanOrEqualTo(10_000));
        Assert.That(log.StreamCount, Is.EqualTo(users));
        var ledger = host.Services.GetRequiredService<Ledger>().Read();
        Assert.That((ledger.Account.Accepted, ledger.Account.Unaccounted), Is.EqualTo((2L * users, 0L)));
        Assert.That(host.Failures.Latest(10), Is.Empty);
    }

    private static Task PassAsync(PipelineHost host, int first, int end)
    {
        var next = first - 1;
        return Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var user && user < end)
            {
                await using var emitter = await host.EmitterOfAsync($"user-{user}");
                await emitter.AgentStartedAsync("poet");
                await emitter.AgentCompletedAsync("poet");
            }
        })));
    }
}
