using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>
/// All queues together are bounded: the largest ones give way, nothing is lost by it, and pages that read notice nothing.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class BufferBudgetTests
{
    private const long Limit = 16L * 1024 * 1024;
    private const int Silent = 40;
    private static readonly string Large = new('x', 8 * 1024);

    private static readonly (string Key, string Value)[] Settings =
    [
        ("Netra:Connections:BufferBudgetBytes", $"{Limit}"),
        ("Netra:Connections:SendBufferBytes", "16384"),
        ("Netra:Streams:WindowEvents", "16"),
    ];

    [Test]
    public async Task Queues_AboveTheBudget_TheLargestLagAndThePageThatReadsDoesNot([Values] KindOfLog log)
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings, log: log);
        var budget = host.Services.GetRequiredService<BufferBudget>();
        using var invoker = SmallReceiveBuffer.Invoker();
        var silent = new List<TestClient>();
        for (var i = 0; i < Silent; i++)
        {
            silent.Add(await TestClient.ConnectAsync(host.SocketAddress($"silent-{i}"), invoker: invoker));
        }

        await using var reading = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var ada = await host.EmitterOfAsync("ada");
        var seen = Task.Run(() => ReadAsync(reading, 202));
        var most = 0L;

        // 40 MB for those who do not read, and in between what the other page reads, the critical events of its run among it.
        Assert.That((await ada.AgentStartedAsync("demo")).Status, Is.EqualTo(EventStatus.Queued));
        await Task.WhenAll(Enumerable.Range(0, Silent).Select(i => Task.Run(async () =>
        {
            await using var emitter = await host.EmitterOfAsync(
                $"silent-{i}", options: new EmitterOptions { Overflow = OverflowBehavior.Report });
            for (var n = 0; n < 125; n++)
            {
                await emitter.TokenAsync(Large);
                InterlockedMax(ref most, budget.Used);
            }
        })).Append(Task.Run(async () =>
        {
            for (var n = 0; n < 200; n++)
            {
                Assert.That((await ada.TokenAsync("what is read at once")).Status, Is.EqualTo(EventStatus.Queued));
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            }

            Assert.That((await ada.AgentCompletedAsync("demo")).Status, Is.EqualTo(EventStatus.Queued));
        })));

        Assert.That(most, Is.InRange(Limit / 2, Limit / 2 * 3), "the budget holds, and is used");
        Assert.That(
            (await seen).Select(static message => (message as EventMessage)?.Seq),
            Is.EqualTo(Enumerable.Range(1, 202).Select(static i => (long?)i)),
            "it was spared: nothing but events, in order");
        var told = host.Failures.Latest(1000)
            .Where(static failure => failure.Message.Contains("Netra:Connections:BufferBudgetBytes", StringComparison.Ordinal))
            .ToList();
        Assert.That(told, Is.Not.Empty);
        Assert.That(told[0].Code, Is.EqualTo(FailureCode.BufferOverflow));
        Assert.That(told[0].Numbers["limit"], Is.EqualTo(Limit));

        // Who lagged gets all of it, in order, once it reads.
        var late = silent[0];
        var (next, gaps) = (1L, 0);
        while (next <= 125)
        {
            switch (await late.ReadAsync())
            {
                case EventMessage numbered:
                    Assert.That(numbered.Seq, Is.EqualTo(next++));
                    break;
                case GapMessage gap:
                    Assert.That((gap.Cause, gap.Replay, gap.From), Is.EqualTo((GapCause.Overflow, true, next)));
                    gaps++;
                    break;
            }
        }

        foreach (var client in silent)
        {
            await client.DisposeAsync();
        }

        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 1, "they have left");
        await Eventually.BecomesTrueAsync(() => budget.Queues == 0, "what waited for them is given back");
    }

    private static async Task<List<ServerMessage>> ReadAsync(TestClient client, int count)
    {
        var messages = new List<ServerMessage>();
        while (messages.Count < count)
        {
            messages.Add(await client.ReadAsync());
        }

        return messages;
    }

    private static void InterlockedMax(ref long most, long value)
    {
        for (var seen = Volatile.Read(ref most); value > seen;)
        {
            var before = Interlocked.CompareExchange(ref most, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }
}
