using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>Rows that are damaged or do not belong are noticed by whoever reads them, and never handed out.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class SqliteReadTests
{
    [TestCase(
        "UPDATE events SET stream = (SELECT id FROM streams WHERE user = 'bob') WHERE stream = (SELECT id FROM "
        + "streams WHERE user = 'ada') AND seq = 50",
        TestName = "ReadPage_RowOfAnotherUser_IsCritical")]
    [TestCase(
        "UPDATE events SET prev = (SELECT rowid FROM events AS o WHERE o.seq = 47 AND o.stream = events.stream) WHERE seq = 50",
        TestName = "ReadPage_RowLeftOut_IsCritical")]
    [TestCase("UPDATE events SET prev = rowid + 4 WHERE seq = 50", TestName = "ReadPage_RowsThatGoUp_IsCritical")]
    [TestCase("UPDATE events SET prev = 99999 WHERE seq = 50", TestName = "ReadPage_RowThatIsNotThere_IsCritical")]
    [TestCase("UPDATE events SET prev = 0 WHERE seq = 50", TestName = "ReadPage_StreamThatBeginsInTheMiddle_IsCritical")]
    public async Task ReadPage_Damaged_IsCritical(string damage)
    {
        using var folder = new SqliteFolder();
        await using (var log = await folder.StartAsync())
        {
            foreach (var user in new[] { "ada", "bob" })
            {
                var stream = await LoggedStream.OpenAsync(log, user);
                stream.Append(100);
                await stream.CommittedAsync(100);
                await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
            }
        }

        folder.Tamper(damage);
        await using var damaged = await folder.StartAsync();
        var lease = (await LoggedStream.OpenAsync(damaged, "ada")).Lease;

        var failure = Assert.ThrowsAsync<SendFailureException>(
            async () => await damaged.ReadPageAsync(lease, new SeqRange(40, 100), int.MaxValue, CancellationToken.None))!;

        Assert.That((failure.Code, failure.Operation, failure.UserId), Is.EqualTo((FailureCode.LogFailed, "read", "ada")));
        Assert.That(failure.Message, Does.Contain("damaged").And.Contain(folder.Database));
        Assert.That(folder.Reported.Counted(FailureCode.LogFailed), Is.EqualTo(1));
        var whole = await damaged.ReadPageAsync(lease, new SeqRange(65, 100), int.MaxValue, CancellationToken.None);
        Assert.That(whole.Events, Has.Count.EqualTo(36), "what is whole is read all the same");
    }

    [Test]
    public async Task ReadPage_DamagedPage_IsCritical()
    {
        using var folder = new SqliteFolder();
        await using (var log = await folder.StartAsync())
        {
            var stream = await LoggedStream.OpenAsync(log, "ada");
            for (var i = 0; i < 200; i++)
            {
                stream.TryAppend(default, padding: 1000);
            }

            await stream.CommittedAsync(200);
            await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        }

        await using (var file = File.OpenWrite(folder.Database))
        {
            const int Page = 8192;
            file.Position = file.Length / 2 / Page * Page;
            await file.WriteAsync(new byte[Page]);
        }

        await using var damaged = await folder.StartAsync();
        var lease = (await LoggedStream.OpenAsync(damaged, "ada")).Lease;

        Assert.ThrowsAsync<SendFailureException>(
            async () => await damaged.ReadPageAsync(lease, new SeqRange(1, 200), int.MaxValue, CancellationToken.None));
        Assert.That(folder.Reported.Counted(FailureCode.LogFailed), Is.EqualTo(1));
    }
}
