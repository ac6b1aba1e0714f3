using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Netra.Pipeline.Access;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Security;

/// <summary>Keys and revocations in memory and in their file.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class AccessDirectoryTests
{
    private static readonly DateTimeOffset Now = TestTimeProvider.Start;

    [Test]
    public void KeysAndRevocations_MadeByManyAtOnce_CountFromThenOn()
    {
        var time = new TestTimeProvider();
        using var lines = new PeerLog(time);
        using var directory = new AccessDirectory(
            new Lazy<AccessStore>(static () => AccessStore.Open(directory: null)),
            new ConnectionRegistry(),
            new SecurityAudit(NullLoggerFactory.Instance, lines),
            time);
        var leases = new ConcurrentBag<KeyLease?>();

        Parallel.For(0, 4, worker =>
        {
            for (var i = 0; i < 75; i++)
            {
                directory.Add(ApiKey.Make("ci", AccessRights.Publish, UserPattern.All, Now, expiresAt: null, out var key));
                leases.Add(directory.Find(key));
                var user = $"ada-{worker}-{i}";
                directory.Revoke(new Revocation(user, TokenId: null, Now, Now.AddHours(1)));
                Assert.That(directory.IsRevoked(new ConnectionIdentity(user) { IssuedAt = Now.AddSeconds(-1) }), user);
            }
        });

        Assert.That(leases, Has.None.Null);
        Assert.That(leases.Select(static lease => lease!.Ended.IsCancellationRequested), Has.None.True);
    }

    [Test]
    public void Erased_WhileSomebodyReadsTheFile_IsNotSaidToBeGoneBefore()
    {
        const string User = "ada-unforgettable-7f31";
        var folder = Directory.CreateTempSubdirectory("netra-access-");
        try
        {
            using var store = AccessStore.Open(folder.FullName);
            store.Add(ApiKey.Make("ci", AccessRights.Connect, UserPattern.TryParse(User, tenant: null, out _)!, Now, null, out _));
            var path = Path.Combine(folder.FullName, AccessStore.Name);
            using (var reader = SqliteDatabase.Open(path, readOnly: true, TimeSpan.FromSeconds(5)))
            {
                reader.Begin();
                Assert.That(reader.QueryInt64("SELECT count(*) FROM keys"), Is.EqualTo(1));
                store.Erase(new Revocation(User, TokenId: null, Now, Now.AddHours(1)));

                Assert.That(store.TryTruncateJournal(), Is.False, "the reader may want it still");
                Assert.That(IsThere(), Is.True);
            }

            Assert.That(store.TryTruncateJournal(), Is.True);
            Assert.That(IsThere(), Is.False);
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        // What the connections share in memory has no rows.
        bool IsThere() => folder.EnumerateFiles()
            .Where(static file => !file.Name.EndsWith("-shm", StringComparison.Ordinal))
            .Any(static file => TextOf(file.FullName).Contains(User, StringComparison.Ordinal));
    }

    // SQLite has it open.
    private static string TextOf(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file, System.Text.Encoding.Latin1);
        return reader.ReadToEnd();
    }
}
