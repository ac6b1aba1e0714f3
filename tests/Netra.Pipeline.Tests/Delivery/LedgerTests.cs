using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Delivery;

/// <summary>
/// The books of the whole pipeline over real sockets: they add up whatever happens, and do not when a station is broken on purpose.
/// </summary>
[Parallelizable(ParallelScope.All)]
internal sealed class LedgerTests
{
    [Test]
    public async Task Read_EventsOfEveryOutcome_AddUp()
    {
        await using var host = await PipelineHost.StartAsync();
        var ledger = host.Services.GetRequiredService<Ledger>();
        await using var emitter = await host.EmitterOfAsync("ada");
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await EmitAsync(emitter, 10);
        await client.ReadEventsAsync(10);
        await client.AckAsync(6);
        await using (var bob = await host.EmitterOfAsync("bob"))
        {
            await EmitAsync(bob, 4);
        }

        await Eventually.BecomesTrueAsync(() => ledger.Read().Account.Acknowledged == 6, "the acknowledgement was counted");
        var report = ledger.Read();
        Assert.That(
            ledger.Read().Account, Is.EqualTo(new StreamAccount(Accepted: 14, Acknowledged: 6, Pending: 8, Expired: 0, DeadLettered: 0)));
        Assert.That(report.PendingOffline, Is.EqualTo(4), "bob is not there");
        Assert.That((await ledger.ReadAsync("bob"))!.Account, Is.EqualTo(new StreamAccount(4, 0, 4, 0, 0)));
        Assert.That(await ledger.ReadAsync("carol"), Is.Null);

        await host.Services.GetRequiredService<IEventLog>().ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None);
        Assert.That(ledger.Read().Account, Is.EqualTo(new StreamAccount(14, 6, 0, 8, 0)));
        Assert.That(ledger.Read().Account.Unaccounted, Is.Zero);
    }

    [Test]
    public async Task Check_ReceiptWithoutAnEvent_IsNoticed() => await AssertNoticedAsync(static async (host, stream, _) =>
    {
        await EmitAsync(host, 3);
        stream.Ledger.OnAccepted(4);
    });

    [Test]
    public async Task Check_WriterThatLosesARow_IsNoticed() => await AssertNoticedAsync(static async (host, _, log) =>
    {
        log.Committed = static _ => 0;
        await EmitAsync(host, 1);
        log.Committed = static events => events;
        await EmitAsync(host, 3);
    });

    [Test]
    public async Task Check_WriterThatStoresARowTwice_IsNoticed() => await AssertNoticedAsync(static async (host, _, log) =>
    {
        log.Committed = static _ => 2;
        await EmitAsync(host, 1);
    });

    [Test]
    public async Task Check_RetentionThatDeletesMoreThanItSays_IsNoticed() => await AssertNoticedAsync(static async (host, _, log) =>
    {
        await EmitAsync(host, 5);
        log.Expired = static expired =>
            OfAda(expired) ? expired with { Events = expired.Events - 1, Unacknowledged = expired.Unacknowledged - 1 } : expired;
        await log.ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None);
    });

    [Test]
    public async Task Check_RetentionThatKeepsSilentAboutALoss_IsNoticed() => await AssertNoticedAsync(static async (host, _, log) =>
    {
        await EmitAsync(host, 5);
        log.Expired = static expired => OfAda(expired) ? expired with { Unacknowledged = 0 } : expired;
        await log.ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None);
    });

    [Test]
    public async Task Check_AcknowledgementOfNothing_IsNoticed() => await AssertNoticedAsync(static async (host, stream, _) =>
    {
        await EmitAsync(host, 5);
        stream.Ledger.OnAcknowledged(1);
    });

    [Test]
    public async Task Check_DeadLetterOfNothing_IsNoticed() => await AssertNoticedAsync(static async (host, stream, _) =>
    {
        await EmitAsync(host, 5);
        stream.Ledger.OnDeadLettered(1);
    });

    private static async Task AssertNoticedAsync(Func<PipelineHost, UserStream, MisreportingLog, Task> breakStation)
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(static builder => builder.UseEventLog<MisreportingLog>(), time: time);
        var ledger = host.Services.GetRequiredService<Ledger>();
        var log = (MisreportingLog)host.Services.GetRequiredService<IEventLog>();
        var stream = await host.Streams.PinAsync("ada", CancellationToken.None);
        Assert.That(ledger.Read().Account.Unaccounted, Is.Zero, "before anything is broken");

        await breakStation(host, stream, log);

        Assert.That(ledger.Read().Account.Unaccounted, Is.Not.Zero);
        await host.StepAsync(time, seconds: 2);
        await Eventually.BecomesTrueAsync(() => Alarms(host).Any(), "the alarm was raised");
        Assert.That(Alarms(host).Count(), Is.EqualTo(1), "once, as long as it stays as it is");
        stream.Pins.Remove();
    }

    // The startup verification's stream is left alone: it is unloaded meanwhile, and what it was told goes with it.
    private static bool OfAda(in ExpiredRange expired) => expired.UserId == "ada";

    private static IEnumerable<Failure> Alarms(PipelineHost host)
        => host.Failures.Latest(100).Where(static f => f.Code == FailureCode.LedgerUnaccounted);

    private static async Task EmitAsync(PipelineHost host, int count)
    {
        await using var emitter = await host.EmitterOfAsync("ada");
        await EmitAsync(emitter, count);
    }

    private static async Task EmitAsync(EventEmitter emitter, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await emitter.TokenAsync($"x{i}");
        }
    }
}
