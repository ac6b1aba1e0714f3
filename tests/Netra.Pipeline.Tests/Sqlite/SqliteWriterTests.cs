using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Events;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Failures;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Storage;
using Netra.Pipeline.Tests.Streams;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>Nothing that others throw or leave undone stops the thread that writes for everybody.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class SqliteWriterTests
{
    [Test]
    public async Task Append_WithAKeyAndAConnectionThatThrows_KeepsNobodyFromBeingStored()
    {
        using var folder = new SqliteFolder();
        await using var log = await folder.StartAsync();
        var stream = await LoadAsync(log);
        var isBroken = false;
        stream.TryAttach(
            new StreamSubscription("c", new SendQueue(new ConnectionOptions().QueueLimits, () => { Assert.That(isBroken, Is.False); })),
            default,
            static _ => []);
        isBroken = true;
        var key = NewKey();

        Assert.That(() => stream.Append(StreamHarness.Draft(stream), run: null, requireRoom: false, key), Throws.Exception);

        await AssertStoresAsync(log);
        Assert.That((await log.FindKeyAsync(key.Hash, CancellationToken.None))?.Status, Is.EqualTo(EventStatus.Pending));
    }

    [Test]
    public async Task Append_WithAKeyToALogThatTakesItAndThrows_KeepsNobodyFromBeingStored()
    {
        using var folder = new SqliteFolder();
        await using var log = await folder.StartAsync();
        var stream = await LoadAsync(new TakingAndThrowingLog(log));

        var outcome = stream.Append(StreamHarness.Draft(stream), run: null, requireRoom: false, NewKey());

        Assert.That(outcome.Kind, Is.EqualTo(AppendKind.LogFailed));
        await AssertStoresAsync(log);
    }

    [Test]
    public async Task Commit_TheCollectorOfItsTimeThrows_StoresEachEventOnce()
    {
        using var folder = new SqliteFolder();
        await using var log = folder.Create();
        var told = 0;
        log.OnCommit = _ =>
        {
            told++;
            throw new InvalidOperationException("The collector is broken.");
        };
        await log.StartAsync(CancellationToken.None);

        await AssertStoresAsync(log);

        Assert.That(log.Trouble, Is.Null);
        Assert.That(told, Is.Positive);
        await log.ReadOpenRunsAsync(CancellationToken.None);
        Assert.That(folder.Query("SELECT count(*) FROM events"), Is.EqualTo(3));
    }

    [Test]
    public async Task Trouble_TheLogForOperatorsThrows_EndsAllTheSame()
    {
        using var folder = new SqliteFolder();
        using var loggers = new LoggerFactory([new ThrowingLoggerProvider()]);
        await using var log = new SqliteEventLog(
            Options.Create(new SqliteEventLogOptions { BusyTimeout = TimeSpan.Zero }),
            Options.Create(new DataOptions { DataDirectory = folder.Path }),
            folder.Reported.Reporter,
            new QuietAtFirst<SqliteEventLog>(loggers.CreateLogger<SqliteEventLog>()),
            TimeProvider.System);
        await log.StartAsync(CancellationToken.None);
        var stream = await LoggedStream.OpenAsync(log, "ada");
        using (var other = SqliteDatabase.Open(folder.Database, readOnly: false, TimeSpan.FromSeconds(10)))
        {
            other.BeginWriting();
            stream.Append(1);
            await Eventually.BecomesTrueAsync(() => log.Trouble is not null, "nothing can be stored");
        }

        await stream.CommittedAsync(1);
        await AssertStoresAsync(log);
        Assert.That(log.Trouble, Is.Null);
    }

    [Test]
    public async Task OpenForRun_UserThatIsNewOrKnown_IsOneTransaction([Values] bool isKnown)
    {
        using var folder = new SqliteFolder();
        await using var log = folder.Create(static options => options.SaveInterval = TimeSpan.FromMinutes(5));
        var commits = 0;
        log.OnCommit = _ => Interlocked.Increment(ref commits);
        await log.StartAsync(CancellationToken.None);
        if (isKnown)
        {
            var before = await LoggedStream.OpenAsync(log, "ada");
            before.TryAppend(StreamHarness.Noon, run: new LogRun("t", "r", isEmbedded: false, "poet"), isUrgent: true);
            await before.CommittedAsync(1);
            await log.ReleaseAsync(before.Lease, [], CancellationToken.None);
        }

        var begun = Volatile.Read(ref commits);
        var stream = await UserStream.OpenAsync(Services(log), "ada", new RunKey("ada", "t", "r"), CancellationToken.None);
        await stream.Storage.ClaimAsync(CancellationToken.None);
        var run = await stream.Runs.EnterAsync("t", "r", agentName: null, CancellationToken.None);

        Assert.That(Volatile.Read(ref commits) - begun, Is.EqualTo(1));
        Assert.That((run.Events, run.Logged.AgentName), Is.EqualTo(isKnown ? (1, "poet") : (0, null)));
        Assert.That(stream.Append(StreamHarness.Draft(stream), run, requireRoom: false).Kind, Is.EqualTo(AppendKind.Accepted));
    }

    [Test]
    public async Task OpenForRun_EventsCameSince_TheRunIsLookedUpAnew()
    {
        using var folder = new SqliteFolder();
        await using var log = await folder.StartAsync();
        var stream = await UserStream.OpenAsync(Services(log), "ada", new RunKey("ada", "t", "r"), CancellationToken.None);
        await stream.Storage.ClaimAsync(CancellationToken.None);
        var first = await stream.Runs.EnterAsync("t", "r", agentName: null, CancellationToken.None);
        stream.Append(StreamHarness.Draft(stream), first, requireRoom: false);
        stream.Runs.Leave(first);
        var again = await stream.Runs.EnterAsync("t", "r", agentName: null, CancellationToken.None);

        Assert.That(again.Events, Is.EqualTo(1));
    }

    [Test]
    public async Task Open_WhileNothingCanBeStored_LetsKnownUsersInAndTheOthersAfterwards()
    {
        using var folder = new SqliteFolder();
        await using var log = await folder.StartAsync(static options => options.BusyTimeout = TimeSpan.Zero);
        foreach (var user in new[] { "ada", "bob" })
        {
            var known = await LoggedStream.OpenAsync(log, user);
            known.Append(3, StreamHarness.Noon);
            await known.CommittedAsync(3);
            await log.ReleaseAsync(known.Lease, [new SeqRange(1, 2)], CancellationToken.None);
        }

        var busy = await LoggedStream.OpenAsync(log, "busy");
        LoggedStream ada;
        Task<LoggedStream> eve;
        using (var other = SqliteDatabase.Open(folder.Database, readOnly: false, TimeSpan.FromSeconds(10)))
        {
            other.BeginWriting();
            busy.Append(1);
            await Eventually.BecomesTrueAsync(() => log.Trouble is not null, "nothing can be stored");
            eve = LoggedStream.OpenUnclaimedAsync(log, "eve");
            ada = await LoggedStream.OpenUnclaimedAsync(log, "ada");
            var bob = await Task.WhenAll(
                Enumerable.Range(0, 20).Select(_ => LoggedStream.OpenUnclaimedAsync(log, "bob").WaitAsync(TestClient.Patience)).Take(1));
            Assert.That(bob.Single().Lease.Head, Is.EqualTo(3));
            Assert.That((ada.Lease.Head, ada.Lease.Account), Is.EqualTo((3L, new StreamAccount(3, 2, 1, 0, 0))));
            var page = await log.ReadPageAsync(ada.Lease, new SeqRange(1, 3), int.MaxValue, CancellationToken.None);
            Assert.That(page.Events.Select(static e => e.Seq), Is.EqualTo(new[] { 1L, 2, 3 }));
            Assert.That(log.Trouble, Is.Not.Null);
            Assert.That(eve.IsCompleted, Is.False, "a new user has to be written down");
        }

        await eve.WaitAsync(TestClient.Patience);
        await log.ClaimAsync(ada.Lease, CancellationToken.None);
        ada.Append(1, StreamHarness.Noon);
        await ada.CommittedAsync(4);
        await busy.CommittedAsync(1);
        await log.ReleaseAsync(ada.Lease, [new SeqRange(1, 4)], CancellationToken.None);
        Assert.That((await LoggedStream.OpenAsync(log, "ada")).Lease.Account, Is.EqualTo(new StreamAccount(4, 4, 0, 0, 0)));
    }

    private static StreamServices Services(IEventLog log)
    {
        var options = new StreamOptions();
        return new StreamServices(
            log, options, new WindowBudget(Options.Create(options)), StreamObservers.None, TimeProvider.System);
    }

    private static async Task<UserStream> LoadAsync(IEventLog log)
    {
        var stream = await UserStream.OpenAsync(Services(log), StreamHarness.UserId, run: null, CancellationToken.None);
        await stream.Storage.ClaimAsync(CancellationToken.None);
        return stream;
    }

    private static PublishKey NewKey() => new(1, 2, TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1));

    private static async Task AssertStoresAsync(IEventLog log)
    {
        var other = await LoggedStream.OpenAsync(log, "other").WaitAsync(TestClient.Patience);
        other.Append(3);
        await other.CommittedAsync(3);
    }

    private sealed class TakingAndThrowingLog(IEventLog log) : DelegatingEventLog(log)
    {
        public override AppendResult TryAppend(StreamLease lease, in LogEntry entry)
        {
            base.TryAppend(lease, entry);
            throw new IOException("the disk is gone");
        }
    }

    private sealed class ThrowingLoggerProvider : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new ThrowingLogger();

        public void Dispose()
        {
        }
    }

    // It says that it is open before anything is wrong.
    private sealed class QuietAtFirst<T>(ILogger logger) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel > LogLevel.Information)
            {
                logger.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
