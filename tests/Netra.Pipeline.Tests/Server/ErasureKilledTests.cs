using System.Net;
using System.Text;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server;

/// <summary>The server is killed while it erases a user: the next one completes it, and nothing of the user comes back.</summary>
[TestFixture]
[Platform("Linux")]
[Parallelizable(ParallelScope.All)]
internal sealed class ErasureKilledTests
{
    private const string User = "ada-unforgettable-7f31";
    private const int Requests = 4;
    private const int Lines = 5_000;

    [Test]
    public async Task Erase_ServerKilledInTheMiddle_IsCompletedByTheNextOne()
    {
        await using var folder = new ServerFolder();
        var data = folder.Argument.Split('=')[1];
        string epoch;
        await using (var server = ServerProcess.Start("Development", folder.Argument))
        {
            var port = await server.WhenReadyAsync();
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            for (var i = 0; i < Requests; i++)
            {
                await PublishAsync(http, User, Lines);
            }

            await PublishAsync(http, "bob", 10);
            await using (var page = await ConnectAsync(port, "bob", ""))
            {
                epoch = page.Welcome.Epoch;
            }

            // What reads what the log was before keeps the write-ahead log, so that nothing can be erased to the end meanwhile.
            using var reader = SqliteDatabase.Open(Path.Combine(data, SqliteFile.Name), readOnly: true, TestClient.Patience);
            reader.Begin();
            reader.QueryInt64("SELECT count(*) FROM erasures");
            var erasing = http.DeleteAsync(new Uri($"/v1/users/{User}", UriKind.Relative));
            await Eventually.BecomesTrueAsync(() => UnderWay(data) > 0 || erasing.IsCompleted, "it has begun");
            await server.KillAsync();
            Assert.That(async () => await erasing, Throws.InstanceOf<HttpRequestException>(), "it was in the middle");
        }

        await using var next = ServerProcess.Start("Development", folder.Argument);
        var again = await next.WhenReadyAsync();
        using var after = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{again}") };
        await Eventually.BecomesTrueAsync(() => UnderWay(data) == 0, "it is completed");
        using var repeated = await after.DeleteAsync(new Uri($"/v1/users/{User}", UriKind.Relative));
        Assert.That(repeated.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        foreach (var file in Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories)
            .Where(static file => !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            Assert.That(Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file)), Does.Not.Contain("unforgettable"), file);
        }

        await PublishAsync(after, User, 1);
        await using var back = await ConnectAsync(again, User, $"&epoch={epoch}&seq=100");
        const long Above = (Requests * Lines) + (1L << 20);
        Assert.That((await back.ReadAsync<GapMessage>()).To, Is.EqualTo(Above));
        Assert.That((await back.ReadEventsAsync(1))[0].Seq, Is.EqualTo(Above + 1));
        await using var bob = await ConnectAsync(again, "bob", "&seq=0");
        Assert.That((await bob.ReadEventsAsync(10))[^1].Seq, Is.EqualTo(10));
        Assert.That(FolderCheck.Check(data, CancellationToken.None).SelectMany(static file => file.Problems), Is.Empty);
    }

    private static long UnderWay(string data)
    {
        using var database = SqliteDatabase.Open(Path.Combine(data, SqliteFile.Name), readOnly: true, TestClient.Patience);
        return database.QueryInt64("SELECT count(*) FROM erasures");
    }

    private static async Task PublishAsync(HttpClient http, string user, int lines)
    {
        var line = PublishExtensions.TokenJson($"words of {user}", user).ReplaceLineEndings("") + "\n";
        using var content = new StringContent(
            string.Concat(Enumerable.Repeat(line, lines)), Encoding.UTF8, "application/x-ndjson");
        using var answer = await http.PostAsync("/v1/events", content);
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Not.Contain("rejected"));
    }

    private static Task<TestClient> ConnectAsync(int port, string user, string more)
        => TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/ws?user_id={user}{more}"));
}
