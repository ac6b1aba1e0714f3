using FsCheck;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>
/// The log against a simple model, over random scripts of appending, acknowledging, burying, expiring, releasing, and of ends of the
/// process, clean and unclean: whatever happened, it has each event, and accounts for it.
/// </summary>
[Parallelizable(ParallelScope.Self)]
internal sealed class SqliteLogModelTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private readonly SqliteFolder _folder = new();

    [OneTimeTearDown]
    public void DeleteFolder() => _folder.Dispose();

    [FsCheck.NUnit.Property(MaxTest = 20)]
    public async Task Log_AnyScript_IsAsTheModelSays(DoNotSize<int> seed, PositiveInt length)
    {
        var random = new Random(seed.Item);
        var folder = _folder.NewSubfolder();
        var log = await StartAsync(folder);
        var users = Enumerable.Range(0, random.Next(1, 4)).Select(static i => new ModelStream(i == 2 ? "Ünïcode" : $"user-{i}")).ToArray();
        var now = Noon;
        for (var i = 10 + Math.Min(length.Get, 40); i > 0; i--)
        {
            var user = users[random.Next(users.Length)];
            switch (random.Next(10))
            {
                case 0 or 1 or 2 or 3:
                    await OpenAsync(log, user);
                    for (var n = random.Next(1, 150); n > 0; n--)
                    {
                        user.Append(random, now += TimeSpan.FromSeconds(1));
                    }

                    break;
                case 4 when user.Lease is not null && user.Kept.Count > 0:
                    await CommitAsync(log, user);
                    user.Acknowledge(AnyRange(user, random));
                    break;
                case 5 when user.Lease is not null:
                    await CommitAsync(log, user);
                    foreach (var seq in user.Open.Where(_ => random.Next(8) == 0).ToArray())
                    {
                        await log.DeadLetters.AddAsync(user.Lease.Lease, [seq], 3, now, CancellationToken.None);
                        user.Bury(seq);
                    }

                    break;
                case 6:
                    await ExpireAsync(log, users, Noon + ((now - Noon) * random.NextDouble()));
                    break;
                case 7 when user.Lease is not null:
                    await ReleaseAsync(log, user);
                    break;
                case 8 when user.Lease is not null && user.Kept.Count > 0:
                    await CommitAsync(log, user);
                    await user.CheckPagesAsync(log, AnyRange(user, random), random.Next(1, 4000));
                    var first = random.NextInt64(1, user.Head + 1);
                    await user.CheckPagesAsync(log, new(first, random.NextInt64(first, user.Head + 1)), random.Next(1, 4000));
                    await user.CheckPagesAsync(log, new(1, user.Head), random.Next(500, 20_000));
                    break;
                case 9 when random.Next(2) == 0:
                    (folder, log) = await EndAsync(folder, log, users, random);
                    break;
                default:
                    break;
            }
        }

        (_, log) = await EndAsync(folder, log, users, random);
        foreach (var user in users)
        {
            await OpenAsync(log, user);
            await user.CheckPagesAsync(log, new(1, user.Head + 1), 5000);
            await ReleaseAsync(log, user);
        }

        Assert.That(log.Resting, Is.EqualTo(users.Aggregate(default(StreamAccount), static (sum, user) => sum + user.Account)));
        Assert.That(_folder.Reported.Feed.Latest(10), Is.Empty);
        await log.DisposeAsync();
    }

    private static Task<SqliteEventLog> StartAsync(SqliteFolder folder) => folder.StartAsync(static options =>
    {
        options.TokenDelay = options.CriticalDelay = TimeSpan.Zero;
        options.SaveInterval = TimeSpan.FromMilliseconds(100);
    });

    private static async Task OpenAsync(SqliteEventLog log, ModelStream user)
    {
        if (user.Lease is null)
        {
            user.Lease = await LoggedStream.OpenAsync(log, user.UserId);
            await user.CheckLeaseAsync(log);
        }
    }

    // What is asked of the writer is answered after everything before it is committed.
    private static async Task CommitAsync(SqliteEventLog log, ModelStream user)
        => await log.FindRunAsync(user.Lease!.Lease, "t", "none", CancellationToken.None);

    // Between two events that are kept, so that both sides of a skipped range are met.
    private static SeqRange AnyRange(ModelStream user, Random random)
    {
        var seqs = user.Kept.ToArray();
        var first = random.Next(seqs.Length);
        return new SeqRange(seqs[first], seqs[Math.Min(seqs.Length - 1, first + random.Next(200))]);
    }

    private static async Task ReleaseAsync(SqliteEventLog log, ModelStream user)
    {
        await log.ReleaseAsync(user.Lease!.Lease, user.Acknowledged, CancellationToken.None);
        user.Lease = null;
    }

    private static async Task ExpireAsync(SqliteEventLog log, ModelStream[] users, DateTimeOffset olderThan)
    {
        var expired = await log.ExpireAsync(olderThan, CancellationToken.None);
        Assert.That(expired, Is.EquivalentTo(users.Select(user => user.Expire(olderThan)).Where(static range => range is not null)));
    }

    private async Task<(SqliteFolder Folder, SqliteEventLog Log)> EndAsync(
        SqliteFolder folder, SqliteEventLog log, ModelStream[] users, Random random)
    {
        foreach (var user in users.Where(static user => user.Lease is not null))
        {
            await CommitAsync(log, user);
        }

        var clean = random.Next(3) == 0;
        foreach (var user in users.Where(user => user.Lease is not null && clean))
        {
            await ReleaseAsync(log, user);
        }

        var left = random.Next(2) == 0 ? folder.Copy() : folder;
        await log.DisposeAsync();
        log = await StartAsync(left);
        foreach (var user in users.Where(static user => user.Lease is not null))
        {
            user.Jump();
            user.Lease = await LoggedStream.OpenAsync(log, user.UserId);
            user.ForgetAcknowledgements(user.Lease.Lease.Acknowledged);
            await user.CheckLeaseAsync(log);
            user.Lease.Acknowledged = user.Acknowledged;
        }

        return (left, log);
    }
}
