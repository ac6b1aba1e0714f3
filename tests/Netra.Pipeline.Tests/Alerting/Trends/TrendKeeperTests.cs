using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Alerting.Trends;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Monitoring.Trends;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Failures;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Alerting.Trends;

/// <summary>What was measured outlives the process, in a file of a size that it never exceeds.</summary>
[TestFixture]
internal sealed class TrendKeeperTests
{
    private readonly TestTimeProvider _time = new();
    private DirectoryInfo _folder = null!;
    private ReporterUnderTest _reported = null!;
    private ServedTime _served = null!;

    [SetUp]
    public void Make()
    {
        _folder = Directory.CreateTempSubdirectory("netra-trends-");
        (_reported, _served) = (new ReporterUnderTest(), new ServedTime(_time));
    }

    [TearDown]
    public void Delete()
    {
        _reported.Dispose();
        _served.Dispose();
        _folder.Delete(recursive: true);
    }

    [Test]
    public async Task Trends_NextProcess_GoesOnWithThem()
    {
        await WithKeeperAsync(static (rings, _) =>
        {
            rings.Add(Second(accepted: 5));
            return Task.CompletedTask;
        });

        await WithKeeperAsync((rings, _) =>
        {
            Assert.That(rings.Read(TrendRange.Years).Single()[TrendMeasure.Accepted], Is.EqualTo(5));
            return Task.CompletedTask;
        });
        Assert.That(FolderCheck.Check(_folder.FullName, CancellationToken.None).Single().Problems, Is.Empty);
    }

    [Test]
    public async Task Trends_EveryMinute_AreStoredAtTheSamePlaces()
    {
        await WithKeeperAsync(async (rings, running) =>
        {
            for (var i = 0; i < 60 * 25; i++)
            {
                rings.Add(Second(accepted: 1));
                _time.Advance(TimeSpan.FromMinutes(1));
            }

            await Eventually.BecomesTrueAsync(() => Rows() > 0, "they were stored while it runs");
            Assert.That(running.IsCompleted, Is.False);
        });

        Assert.That(Rows(), Is.EqualTo(1440 + 26 + 2), "a day of minutes, and the hours and days that were touched");
    }

    [Test]
    public async Task File_CannotBeWritten_IsToldAndTrendsAreStoredLater()
    {
        await WithKeeperAsync(async (rings, _) =>
        {
            Tamper("ALTER TABLE documents RENAME TO away");
            rings.Add(Second(accepted: 5));
            await PassUntilAsync(() => _reported.Feed.Latest(1) is [{ Code: FailureCode.BackgroundFailed }]);
            Assert.That(_reported.Feed.Latest(1)[0].Message, Does.Contain(TrendFile.Name));
            Tamper("ALTER TABLE away RENAME TO documents");
            await PassUntilAsync(() => Rows() == 3);
        });
    }

    [Test]
    public async Task File_Unreadable_KeepsTheServerFromStartingAndSaysWhatToDo()
    {
        await WithKeeperAsync(static (_, _) => Task.CompletedTask);
        Tamper("INSERT INTO documents VALUES(1, 0, 'x')");

        using var keeper = NewKeeper(new TrendRings(_time));
        var refused = Assert.Throws<SendFailureException>(keeper.Open);
        Assert.That(refused.Message, Does.Contain(TrendFile.Name).And.Contain("put the file aside"));
    }

    private static TrendSample Second(double accepted) => new(new LatencyHistogram()) { [TrendMeasure.Accepted] = accepted };

    private TrendKeeper NewKeeper(TrendRings rings) => new(
        rings,
        new AlertStorage(_folder.FullName),
        new InMemoryEventLog(Options.Create(new InMemoryEventLogOptions()), _time),
        _reported.Reporter,
        _served);

    private async Task WithKeeperAsync(Func<TrendRings, Task, Task> use)
    {
        var rings = new TrendRings(_time);
        using var keeper = NewKeeper(rings);
        keeper.Open();
        using var stopping = new CancellationTokenSource();
        var running = keeper.RunAsync(stopping.Token);
        try
        {
            await use(rings, running);
        }
        finally
        {
            await stopping.CancelAsync();
            Assert.That(async () => await running, Throws.InstanceOf<OperationCanceledException>());
        }
    }

    private Task PassUntilAsync(Func<bool> condition) => Eventually.BecomesTrueAsync(
        () =>
        {
            var isTrue = condition();
            if (!isTrue)
            {
                _time.Advance(TimeSpan.FromSeconds(61));
            }

            return isTrue;
        },
        "it came to be");

    private long Rows()
    {
        using var database = SqliteDatabase.Open(TrendFile.PathIn(_folder.FullName), readOnly: true, TimeSpan.FromSeconds(5));
        return database.QueryInt64("SELECT count(*) FROM documents");
    }

    private void Tamper(string sql)
    {
        using var database = SqliteDatabase.Open(TrendFile.PathIn(_folder.FullName), readOnly: false, TimeSpan.FromSeconds(5));
        database.Execute(sql);
    }
}
