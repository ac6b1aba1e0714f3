using System.Globalization;
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
        + "streams WHERE user = 'ada') AND seq = {0}",
        TestName = "ReadPage_RowOfAnotherUser_IsCritical")]
    [TestCase(
        "UPDATE events SET prev = (SELECT rowid FROM events AS o WHERE o.seq = {0} - 3 AND o.stream = events.stream) WHERE seq = {0}",
        TestName = "ReadPage_RowLeftOut_IsCritical")]
    [TestCase("UPDATE events SET prev = rowid + 4 WHERE seq = {0}", TestName = "ReadPage_RowsThatGoUp_IsCritical")]
    [TestCase("UPDATE events SET prev = 99999 WHERE seq = {0}", TestName = "ReadPage_RowThatIsNotThere_IsCritical")]
    [TestCase("UPDATE events SET prev = 0 WHERE seq = {0}", TestName = "ReadPage_StreamThatBeginsInTheMiddle_IsCritical")]
    public async Task ReadPage_Damaged_IsCritical(string damage)
    {
        // Walked back to, and passed over between two marks.
        await ReadDamagedAsync(damage, 50);
        await ReadDamagedAsync(damage, 114);
    }

    [TestCase("DELETE FROM events WHERE seq = 128", TestName = "ReadPage_LastRowOfASpanIsNotThere_IsCritical")]
    [TestCase("UPDATE events SET seq = 127 WHERE seq = 128", TestName = "ReadPage_LastRowOfASpanIsAnother_IsCritical")]
    [TestCase("DELETE FROM events WHERE seq = 64", TestName = "ReadPage_FirstRowOfASpanIsNotThere_IsCritical")]
    public Task ReadPage_DamagedSpan_IsCritical(string damage) => ReadDamagedAsync(damage, 114, isWholeAbove: false);

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(20)]
    public async Task ReadPage_StreamsAmongOthers_HasExactlyTheirEvents(int users)
    {
        const int Events = 700;
        using var folder = new SqliteFolder();
        await using var log = await folder.StartAsync();
        var streams = new List<LoggedStream>();
        for (var user = 0; user < users; user++)
        {
            streams.Add(await LoggedStream.OpenAsync(log, $"user-{user}"));
        }

        // The second half of each stream lies close together; some events are large.
        for (var i = 0; i < Events / 2; i++)
        {
            streams.ForEach(stream => stream.TryAppend(default, padding: i % 9 == 0 ? 3000 : 0));
        }

        streams.ForEach(static stream => stream.Append(Events / 2));
        foreach (var (stream, maxBytes) in streams.Zip(new[] { 1, 700, 20_000, int.MaxValue }))
        {
            await stream.CommittedAsync(Events);
            for (var next = 1L; next <= Events;)
            {
                var page = await log.ReadPageAsync(stream.Lease, new SeqRange(next, Events - 3), maxBytes, CancellationToken.None);
                foreach (var kept in page.Events)
                {
                    var due = LoggedStream.BufferOf(stream.Lease.UserId, next, (next - 1) % 9 == 0 && next <= Events / 2 ? 3000 : 0);
                    Assert.That(kept.Seq, Is.EqualTo(next++));
                    Assert.That(kept.Buffer, Is.EqualTo(due));
                }

                next = next > Events - 3 ? Events + 1 : next;
            }
        }
    }

    private static async Task ReadDamagedAsync(string damage, int seq, bool isWholeAbove = true)
    {
        using var folder = new SqliteFolder();
        await using (var log = await folder.StartAsync())
        {
            foreach (var user in new[] { "ada", "bob" })
            {
                var stream = await LoggedStream.OpenAsync(log, user);
                stream.Append(200);
                await stream.CommittedAsync(200);
                await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
            }
        }

        folder.Tamper(damage.Replace("{0}", seq.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
        await using var damaged = await folder.StartAsync();
        var lease = (await LoggedStream.OpenAsync(damaged, "ada")).Lease;

        var failure = Assert.ThrowsAsync<SendFailureException>(
            async () => await damaged.ReadPageAsync(lease, new SeqRange(seq - 10, seq + 50), int.MaxValue, CancellationToken.None))!;

        Assert.That((failure.Code, failure.Operation, failure.UserId), Is.EqualTo((FailureCode.LogFailed, "read", "ada")));
        Assert.That(failure.Message, Does.Contain("damaged").And.Contain(folder.Database));
        Assert.That(folder.Reported.Counted(FailureCode.LogFailed), Is.EqualTo(1));
        if (isWholeAbove)
        {
            var whole = await damaged.ReadPageAsync(lease, new SeqRange(128, 200), int.MaxValue, CancellationToken.None);
            Assert.That(whole.Events, Has.Count.EqualTo(73), "what is whole is read all the same");
        }
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

            // In the last part of the file lie the events: in the first one each table and each index has its page.
            file.Position = file.Length * 3 / 4 / Page * Page;
            await file.WriteAsync(new byte[Page]);
        }

        await using var damaged = await folder.StartAsync();
        var lease = (await LoggedStream.OpenAsync(damaged, "ada")).Lease;

        Assert.ThrowsAsync<SendFailureException>(
            async () => await damaged.ReadPageAsync(lease, new SeqRange(1, 200), int.MaxValue, CancellationToken.None));
        Assert.That(folder.Reported.Counted(FailureCode.LogFailed), Is.EqualTo(1));
    }
}
