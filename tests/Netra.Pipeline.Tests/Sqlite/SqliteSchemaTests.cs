using Netra.Pipeline.Failures;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tenants;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

[Parallelizable(ParallelScope.All)]
internal sealed class SqliteSchemaTests
{
    private static readonly SqliteMigration Next = new(
        SqliteSchema.Migrations[^1].Version + 1, "CREATE TABLE extra(x); INSERT INTO extra VALUES(7)");

    [Test]
    public void Migrations_All_AreNumberedFromOneOn()
        => Assert.That(
            SqliteSchema.Migrations.Select(static m => m.Version), Is.EqualTo(Enumerable.Range(1, SqliteSchema.Migrations.Count)));

    [Test]
    public async Task Start_OlderTables_AreBroughtForwardAndKeepTheirEvents()
    {
        using var folder = new SqliteFolder();
        await using (var log = await folder.StartAsync())
        {
            var stream = await LoggedStream.OpenAsync(log, "ada");
            stream.Append(3);
            await stream.CommittedAsync(3);
            await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        }

        await using (var newer = folder.Create(migrations: [.. SqliteSchema.Migrations, Next]))
        {
            await newer.StartAsync(CancellationToken.None);
            Assert.That((await LoggedStream.OpenAsync(newer, "ada")).Head, Is.EqualTo(3));
        }

        Assert.That((folder.Query("PRAGMA user_version"), folder.Query("SELECT x FROM extra")), Is.EqualTo(((long)Next.Version, 7L)));
    }

    [Test]
    public async Task Start_TablesFromBeforeThereWereTenants_HaveUsersWithoutOne()
    {
        using var folder = new SqliteFolder();
        await WriteAsync("ada");
        folder.Tamper("""
            DROP INDEX streams_by_tenant; ALTER TABLE streams DROP COLUMN tenant; ALTER TABLE commands DROP COLUMN tenant;
            PRAGMA user_version = 9
            """);

        await WriteAsync(UserKey.Of("acme", "ada"));

        Assert.That(folder.Query("SELECT accepted FROM streams WHERE tenant = '' AND user = 'ada'"), Is.EqualTo(3));
        Assert.That(folder.Query("SELECT accepted FROM streams WHERE tenant = 'acme'"), Is.EqualTo(3));
        await using var log = await folder.StartAsync();
        Assert.That((await LoggedStream.OpenAsync(log, "ada")).Head, Is.EqualTo(3));
        Assert.That((await log.ReadTenantAsync("acme", new HashSet<string>(), CancellationToken.None)).Users, Is.EqualTo(1));
        Assert.That(
            (await log.ReadTenantAsync(string.Empty, new HashSet<string>(), CancellationToken.None)).Account.Accepted, Is.EqualTo(3));

        async Task WriteAsync(string user)
        {
            await using var writing = await folder.StartAsync();
            var stream = await LoggedStream.OpenAsync(writing, user);
            stream.Append(3);
            await stream.CommittedAsync(3);
            await writing.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        }
    }

    [Test]
    public async Task Start_FailingMigration_ChangesNothing()
    {
        using var folder = new SqliteFolder();
        await (await folder.StartAsync()).DisposeAsync();
        var failing = Next with { Sql = $"{Next.Sql}; CREATE TABLE extra(x)" };

        Assert.ThrowsAsync<SendFailureException>(
            async () => await folder.Create(migrations: [.. SqliteSchema.Migrations, failing]).StartAsync(CancellationToken.None));

        Assert.That(
            (folder.Query("PRAGMA user_version"), folder.Query("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'")),
            Is.EqualTo((Next.Version - 1L, 0L)));
        await using var log = await folder.StartAsync();
    }
}
