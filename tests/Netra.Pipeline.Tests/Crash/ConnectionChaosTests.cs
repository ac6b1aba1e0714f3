using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Crash;

/// <summary>
/// Thousands of connections end in every rude way there is while writers go on, and the devices that stay see every event once and in order
/// (spec C4, C6, C8, D1, D4, D8). On real sockets. <c>NETRA_CHAOS_DROPS</c> says how many, <c>NETRA_CRASH_SEED</c> repeats.
/// </summary>
[TestFixture]
[NonParallelizable]
internal sealed class ConnectionChaosTests
{
    private const int Lanes = 8;
    private const int HalfOpenPeers = 12;

    /// <summary>A user without events, so that only a ping finds out who is gone.</summary>
    private const string Quiet = "eve";

    /// <summary>A user with more events than fit on the way to a peer that reads nothing, so that a write finds out.</summary>
    private const string Wordy = "fay";

    private static readonly string[] Users = ["ada", "bob", "cyd"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private static readonly (string Key, string Value)[] Tight =
    [
        ("Netra:Connections:QueueFrames", "16"),
        ("Netra:Connections:SendBufferBytes", "16384"),
        ("Netra:Connections:StallTimeout", "00:00:05"),
        ("Netra:Connections:PingInterval", "00:00:03"),
        ("Netra:Connections:PingTimeout", "00:00:06"),
        ("Netra:Connections:AckInterval", "00:00:00.100"),
        ("Netra:Streams:WindowEvents", "32"),
    ];

    [Test]
    public async Task Connections_DropByTheThousand_LoseDoubleAndReorderNothing()
    {
        var drops = ChaosSettings.Read("NETRA_CHAOS_DROPS", 2_000);
        var seed = ChaosSettings.Read("NETRA_CRASH_SEED", Random.Shared.Next());
        TestContext.Out.WriteLine($"{drops} drops, NETRA_CRASH_SEED={seed}");
        var began = TimeProvider.System.GetTimestamp();
        var random = new Random(seed);
        var journal = new Journal();
        using var meters = new TestMeterFactory();
        using var recorder = new MetricRecorder(meters);
        await using var host = await PipelineHost.StartAsync(pipeline => pipeline.Services.AddSingleton<IMeterFactory>(meters), Tight);
        var auditor = new LedgerAuditor((_, user) => ReadAsync(host.Services.GetRequiredService<Ledger>(), user), journal);
        using var life = new ServerLife(host.Port, number: 1);
        WriterClient[] writers =
            [
                .. Enumerable.Range(0, 4).Select(i =>
                    new WriterClient($"writer{i}", Users, asLines: i % 2 == 0, TimeSpan.FromMilliseconds(10), random.Next(), journal))
            ];
        ReaderClient[] devices =
        [
            .. Users.SelectMany(user => Enum.GetValues<ReaderTemper>().Where(static t => t != ReaderTemper.Absent).Select(
                (temper, i) => new ReaderClient($"{user}/{i} {temper}", user, temper, fromNow: i % 2 == 1, random.Next(), journal)))
        ];
        RudeVisitor[] visitors = [.. Enumerable.Range(0, Lanes).Select(i => new RudeVisitor($"visitor{i}", Users, random.Next(), journal))];

        await using (var wordy = await host.EmitterOfAsync(Wordy))
        {
            for (var i = 0; i < 64; i++)
            {
                await wordy.TokenAsync(new string('x', 8 * 1024));
            }
        }

        Task[] clients = [.. writers.Select(w => w.RunAsync(life)), .. devices.Select(d => d.RunAsync(life)), auditor.RunAsync(life)];
        var halfOpen = Task.WhenAll(Enumerable.Range(0, HalfOpenPeers).Select(i => BeHalfOpenAsync(host, i % 2 == 0 ? Quiet : Wordy)));
        var left = drops;
        await Task.WhenAll(visitors.Select(visitor => Task.Run(async () =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await visitor.DropInAsync(life);
            }
        }))).WaitAsync(Patience);
        await halfOpen.WaitAsync(Patience);
        await life.EndAsync();
        await Task.WhenAll(clients).WaitAsync(Patience);

        ReaderClient[] fresh =
            [.. Users.Select(user => new ReaderClient($"{user}/fresh", user, ReaderTemper.Steady, fromNow: false, seed: 0, journal))];
        await Task.WhenAll(devices.Concat(fresh).Select(reader => reader.ReadToHeadAsync(life))).WaitAsync(Patience);
        foreach (var one in fresh)
        {
            CrashVerdict.Judge(one, devices.Where(device => device.UserId == one.UserId), kills: 0, journal);
            await auditor.CompareAsync(life, one);
        }

        await auditor.SampleAsync(life);
        TestContext.Out.WriteLine(
            $"{journal.Promises.Count} receipts, {devices.Sum(static d => d.Protocol.Handled.Count)} events handled by {devices.Length} "
            + $"devices on {devices.Sum(static d => d.Connections)} connections, "
            + $"{visitors.Sum(static v => v.Events)} events to visitors, {visitors.Sum(static v => v.Strange)} strange cursors, "
            + $"{devices.Sum(static d => d.Protocol.Gaps.Count)} gaps, "
            + $"{devices.Sum(static d => d.Protocol.Duplicates)} duplicates dropped, {auditor.Samples} ledgers, the last {auditor.Last}, "
            + $"{TimeProvider.System.GetElapsedTime(began).TotalSeconds:F0} s");
        var endings = recorder.Measurements.Where(static m => m.Instrument == "netra.connections.ended")
            .CountBy(static m => (string)m.Tags["netra.connection.end_reason"]!)
            .ToDictionary();
        TestContext.Out.WriteLine($"ended: {string.Join(", ", endings.Select(static ending => $"{ending.Value} {ending.Key}"))}");
        foreach (var critical in host.Logs.Logs.Where(static log => log.Level == LogLevel.Critical))
        {
            journal.Violation($"The server logged at CRITICAL: {critical.Message}");
        }

        journal.ShouldHaveNoViolations($"NETRA_CRASH_SEED={seed} NETRA_CHAOS_DROPS={drops}");
        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 0, "every connection was found to have ended");
        Assert.That(
            endings.Keys,
            Is.SupersetOf(new[] { "client_lost", "client_closed", "stalled", "ping_timeout" }),
            "what this test is about did happen");
    }

    // In the process, for the ledger as it is between two of its own checks.
    private static async Task<LedgerAnswer> ReadAsync(Ledger ledger, string? userId)
    {
        var account = (userId is null ? ledger.Read() : await ledger.ReadAsync(userId))!.Account;
        return new LedgerAnswer(
            account.Accepted, account.Acknowledged, account.Pending, account.Expired, account.DeadLettered, account.Unaccounted);
    }

    // A peer that went without a word: nothing of it comes any more, and nothing is taken.
    private static async Task BeHalfOpenAsync(PipelineHost host, string user)
    {
        await using var peer = await RawClient.ConnectAsync(host.SocketAddress(user, "&seq=0"), SmallReceiveBuffer.Bytes);

        // Each time that the machine stands still, the server gives it all its time again.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (host.Connections.TryGet(peer.Welcome.ConnectionId, out _))
        {
            Assert.That(patience.IsCancellationRequested, Is.False, "a half-open connection is found to be dead");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }
}
