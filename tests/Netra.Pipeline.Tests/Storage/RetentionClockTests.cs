using Microsoft.Extensions.Options;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Sqlite;

namespace Netra.Pipeline.Tests.Storage;

/// <summary>What the wall clock does to what is kept, and for how long: nothing. Ages are time that has passed.</summary>
[TestFixture(KindOfLog.Memory)]
[TestFixture(KindOfLog.Sqlite)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class RetentionClockTests(KindOfLog kind) : IAsyncDisposable
{
    private static readonly TimeSpan Retention = TimeSpan.FromDays(7);

    private readonly SqliteFolder _folder = new();
    private readonly TestTimeProvider _time = new();
    private IEventLog _log = null!;
    private LoggedStream _stream = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _log = kind == KindOfLog.Memory
            ? new InMemoryEventLog(Options.Create(new InMemoryEventLogOptions()), _time)
            : _folder.Create(time: _time);
        await _log.StartAsync(CancellationToken.None);
        _stream = await LoggedStream.OpenAsync(_log, "ada");
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _folder.Dispose();
    }

    [TestCase(1)]
    [TestCase(24)]
    [TestCase(87_660)]
    public async Task Expire_ClockWasAheadForAWhile_DeletesEachAtItsOwnAge(int hours)
    {
        await AppendAsync();
        _time.StandStill(TimeSpan.FromDays(6.5));
        _time.ShiftWallClock(TimeSpan.FromHours(hours));
        await AppendAsync();
        Assert.That(await ExpireAsync(), Is.Zero, "seven days have not passed, whatever the clock says");
        _time.StandStill(TimeSpan.FromMinutes(30));
        _time.ShiftWallClock(TimeSpan.FromHours(-hours));
        await AppendAsync();
        Assert.That(await ExpireAsync(), Is.Zero);

        _time.StandStill(TimeSpan.FromDays(0.5));
        Assert.That(await ExpireAsync(), Is.EqualTo(1));
        _time.StandStill(TimeSpan.FromDays(6) - TimeSpan.FromHours(1));
        Assert.That(await ExpireAsync(), Is.Zero);
        _time.StandStill(TimeSpan.FromDays(0.5) + TimeSpan.FromHours(2));
        Assert.That(await ExpireAsync(), Is.EqualTo(2), "what was accepted under the wrong clock holds up nothing, itself included");
    }

    [TestCase(1)]
    [TestCase(24)]
    [TestCase(87_660)]
    public async Task Expire_ClockIsSetBack_GoesOn(int hours)
    {
        await AppendAsync();
        _time.ShiftWallClock(TimeSpan.FromHours(-hours));
        await AppendAsync();
        _time.StandStill(Retention - TimeSpan.FromMinutes(1));
        Assert.That(await ExpireAsync(), Is.Zero);
        _time.StandStill(TimeSpan.FromMinutes(2));

        Assert.That(await ExpireAsync(), Is.EqualTo(2));
    }

    [TestCase(24)]
    [TestCase(-24)]
    public async Task Keys_ClockIsSet_AreKeptForTheirWindow(int hours)
    {
        var key = new PublishKey(1, 2, _time.GetUtcNow() + TimeSpan.FromHours(24));
        key.Settle(EventStatus.Pending);
        _stream.TryAppend(_time.GetUtcNow(), key: key);
        await SettleAsync();
        _time.ShiftWallClock(TimeSpan.FromHours(hours));
        _time.StandStill(TimeSpan.FromHours(23));
        await ExpireAsync();
        Assert.That(await _log.FindKeyAsync(1, CancellationToken.None), Is.Not.Null, "its time is not over");
        _time.StandStill(TimeSpan.FromHours(2));
        await ExpireAsync();

        Assert.That(await _log.FindKeyAsync(1, CancellationToken.None), Is.Null);
    }

    [TestCase(24)]
    [TestCase(-24)]
    public async Task DeadLetters_ClockIsSet_AreKeptForTheirTime(int hours)
    {
        await AppendAsync();
        await AppendAsync();
        await BuryAsync(1);
        _time.ShiftWallClock(TimeSpan.FromHours(hours));
        await BuryAsync(2);
        Assert.That(
            (await _log.DeadLetters.FindAsync(2, CancellationToken.None))!.At,
            Is.EqualTo(_time.GetUtcNow()),
            "shown by the clock as it goes now");
        _time.StandStill(Retention - TimeSpan.FromMinutes(1));
        Assert.That(await ExpireLettersAsync(), Is.Zero);
        _time.StandStill(TimeSpan.FromMinutes(2));

        Assert.That(await ExpireLettersAsync(), Is.EqualTo(2));
    }

    private async Task AppendAsync()
    {
        Assert.That(_stream.TryAppend(_time.GetUtcNow(), type: EventType.Token), Is.EqualTo(AppendResult.Taken));
        await SettleAsync();
    }

    // A request of the writer's takes everything before it along.
    private async Task SettleAsync() => await _log.ReadOpenRunsAsync(CancellationToken.None);

    private async Task<long> ExpireAsync()
        => (await _log.ExpireAsync(_time.GetUtcNow() - Retention, CancellationToken.None)).Sum(static range => range.Events);

    private async Task BuryAsync(long seq)
        => await _log.DeadLetters.AddAsync(_stream.Lease, [seq], attempts: 1, _time.GetUtcNow(), CancellationToken.None);

    private ValueTask<long> ExpireLettersAsync()
        => _log.DeadLetters.ExpireAsync(_time.GetUtcNow() - Retention, keep: 100, CancellationToken.None);
}
