using FsCheck;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>
/// For random users, tabs, threads and interleavings: each connection receives exactly its user's events, without gap,
/// duplicate or reorder, whoever connects, leaves, resumes, stops reading or acknowledges meanwhile. One host serves all
/// cases, so cases have users of their own. Whether a tab takes joined frames changes nothing but their number.
/// </summary>
[Parallelizable(ParallelScope.Self)]
internal sealed class DeliveryPropertyTests
{
    private static readonly string Piece = new('x', 700);
    private PipelineHost _host = null!;
    private int _case;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await PipelineHost.StartAsync(settings:
    [
        ("Netra:Connections:QueueFrames", "8"),
        ("Netra:Connections:SendBufferBytes", "16384"),
        ("Netra:Streams:WindowEvents", "16"),
    ]);

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [FsCheck.NUnit.Property(MaxTest = 12)]
    public async Task Connections_AnyInterleaving_ReceiveExactlyTheirUsersEventsInOrder(DoNotSize<int> seed)
    {
        var number = Interlocked.Increment(ref _case);
        var random = new Random(seed.Item);
        var users = Enumerable.Range(0, random.Next(1, 4)).Select(i => $"user-{number}-{i}").ToArray();
        await Task.WhenAll(users.Select(user => UserAsync(user, random.Next(), random.Next(1, 4), random.Next(1, 4)))).WaitAsync(
            TestClient.Patience);
    }

    private async Task UserAsync(string user, int seed, int tabs, int threads)
    {
        const int PerThread = 120;
        var total = PerThread * threads;
        var reading = Enumerable.Range(0, tabs).Select(tab => TabAsync(user, new Random(seed + tab), total)).ToArray();
        var emitting = Enumerable.Range(0, threads).Select(thread => Task.Run(async () =>
        {
            await using var emitter = await _host.EmitterOfAsync(
                user, $"t{thread}", "r", new EmitterOptions { Overflow = OverflowBehavior.Report });
            for (var i = 0; i < PerThread; i++)
            {
                await emitter.TokenAsync($"{user} {i} {Piece};");
            }
        }));
        await Task.WhenAll(emitting.Concat(reading));
    }

    private async Task TabAsync(string user, Random random, int total)
    {
        // Everything that is kept, and from there on by its own cursor: so each tab knows exactly what is due.
        var (cursor, epoch) = (0L, string.Empty);
        var perThread = new Dictionary<string, int>(StringComparer.Ordinal);
        while (cursor < total)
        {
            using var invoker = SmallReceiveBuffer.Invoker();
            var resume = (cursor == 0 ? "&seq=0" : $"&seq={cursor}&epoch={epoch}&from=0") + $"&join={random.Next(2)}";
            await using var client = await TestClient.ConnectAsync(_host.SocketAddress(user, resume), invoker: invoker);
            epoch = client.Welcome.Epoch;
            for (var stay = random.Next(20, 200); stay > 0 && cursor < total; stay--)
            {
                switch (await client.ReadAsync())
                {
                    case EventMessage numbered:
                        Assert.That((numbered.FromSeq ?? numbered.Seq, numbered.Redelivery), Is.EqualTo((cursor + 1, (int?)null)));
                        var texts = numbered.Data.GetProperty("delta").GetString()!.Split(';', StringSplitOptions.RemoveEmptyEntries);
                        Assert.That(texts, Has.Length.EqualTo(numbered.Seq - cursor));
                        cursor = numbered.Seq;
                        foreach (var text in texts)
                        {
                            // Nobody else's event, and each thread's in its order.
                            var due = perThread.GetValueOrDefault(numbered.ThreadId);
                            perThread[numbered.ThreadId] = due + 1;
                            Assert.That(text, Does.StartWith($"{user} {due} "));
                        }

                        break;
                    case GapMessage gap:
                        Assert.That((gap.From, gap.Replay, gap.Cause), Is.EqualTo((cursor + 1, true, GapCause.Overflow)));
                        break;
                    case PingMessage ping:
                        await client.PongAsync(ping, cursor == 0 ? null : cursor);
                        break;
                }

                if (random.Next(20) == 0)
                {
                    await client.AckAsync(cursor);
                }

                if (random.Next(40) == 0)
                {
                    // Stops reading for a while.
                    await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 20)), TimeProvider.System);
                }
            }

            if (random.Next(2) == 0)
            {
                await client.AckAsync(cursor);
            }
        }
    }
}
