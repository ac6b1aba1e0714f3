using System.Net;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Sqlite;

namespace Netra.Pipeline.Tests.Server;

/// <summary>
/// The disk of a real server is full, or does not answer: publishers and the page are told, it is not ready, nothing hangs, and when the
/// disk is well again everything that was confirmed is there, once.
/// </summary>
[TestFixture]
[Platform("Linux")]
[Parallelizable(ParallelScope.All)]
internal sealed class DiskTests
{
    // Against the host's 30 s. How long it may take: StopTests, which runs alone.
    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(10);

    [Test]
    public async Task Disk_FullAndWithRoomAgain_IsSaidAndNothingConfirmedIsLost()
    {
        using var disk = SmallDisk.Mount("size=32m");
        var data = Path.Combine(disk.Path, "data");
        var confirmed = new List<long>();
        await using (var server = Start(data))
        {
            var port = await server.WhenReadyAsync();
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            await using var page = await ConnectAsync(port);
            await PublishAsync(http, confirmed);
            disk.Fill();

            await ShouldBeToldAsync(http, page, confirmed, "full");
            disk.MakeRoom();

            await ShouldBeBackAsync(http, page, confirmed);
            disk.Fill();
            await Eventually.BecomesTrueAsync(
                async () => (await PublishAsync(http, confirmed)).Status == HttpStatusCode.ServiceUnavailable, "it is full again");
            var begun = FairStopwatch.Start();
            await server.SignalAsync("TERM");
            var (exitCode, output) = await server.WhenExitedAsync();
            Assert.That(begun.Fair, Is.LessThan(StopsWithin), output);
            Assert.That(exitCode, Is.EqualTo(1), output);
            Assert.That(output, Does.Contain("[1513]"));
        }

        disk.MakeRoom();
        await using var next = Start(data);
        await using var again = await ConnectAsync(await next.WhenReadyAsync());
        var last = confirmed.Max();
        var seqs = new List<long>();
        while (seqs.Count == 0 || seqs[^1] < last)
        {
            seqs.Add((await again.ReadEventsAsync(1))[0].Seq);
        }

        Assert.That(seqs, Is.Unique.And.Ordered.And.SupersetOf(confirmed));
    }

    // For longer than a transaction may take without being called trouble.
    [Test]
    public async Task Disk_DoesNotAnswerForAWhile_IsSaidAndNothingConfirmedIsLost()
    {
        using var disk = FrozenDisk.Mount();
        await using var server = Start(Path.Combine(disk.Path, "data"));
        var port = await server.WhenReadyAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TestClient.Patience };
        await using var page = await ConnectAsync(port);
        var confirmed = new List<long>();
        await PublishAsync(http, confirmed);
        disk.Freeze();
        try
        {
            await ShouldBeToldAsync(http, page, confirmed, "has not answered for 1");

            // What it writes is read beside its answers.
            await Eventually.BecomesTrueAsync(
                () => server.Critical.Any(static line => line.Contains("has not answered", StringComparison.Ordinal)), "it is in the log");
        }
        finally
        {
            disk.Thaw();
        }

        await ShouldBeBackAsync(http, page, confirmed);
    }

    private static ServerProcess Start(string data) => ServerProcess.Start(
        "Development",
        $"--Netra:DataDirectory={data}",
        "--Netra:Emission:RoomTimeout=00:00:01",
        "--Netra:Publish:StoreTimeout=00:00:03");

    private static async Task ShouldBeToldAsync(HttpClient http, TestClient page, List<long> confirmed, string why)
    {
        var ready = "";
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await PublishAsync(http, confirmed);
                using var answer = await http.GetAsync("/readyz");
                ready = await answer.Content.ReadAsStringAsync();
                return answer.StatusCode == HttpStatusCode.ServiceUnavailable;
            },
            "it is not ready");
        Assert.That(ready, Does.Contain(why));
        Assert.That(await PublishAsync(http, confirmed), Is.EqualTo((HttpStatusCode.ServiceUnavailable, (string?)"log_failed")));
        ServerMessage message;
        do
        {
            message = await page.ReadAsync();
        }
        while (message is not ErrorMessage { Code: "log_failed" });
    }

    private static async Task ShouldBeBackAsync(HttpClient http, TestClient page, List<long> confirmed)
    {
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                using var answer = await http.GetAsync("/readyz");
                return answer.StatusCode == HttpStatusCode.OK;
            },
            "it is ready again");
        var (status, _) = await PublishAsync(http, confirmed);
        Assert.That(status, Is.EqualTo(HttpStatusCode.Created).Or.EqualTo(HttpStatusCode.Accepted));
        await page.CloseAsync();
        await using var back = await ConnectAsync(http.BaseAddress!.Port);
        var ledger = JsonElement.Parse(await http.GetStringAsync("/v1/ledger"));
        var seqs = (await back.ReadEventsAsync((int)ledger.GetProperty("accepted").GetInt64())).Select(static e => e.Seq).ToList();
        Assert.That(seqs, Is.Unique.And.Ordered.And.SupersetOf(confirmed));
        Assert.That(ledger.GetProperty("unaccounted").GetInt64(), Is.Zero);
    }

    private static Task<TestClient> ConnectAsync(int port)
        => TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/ws?user_id=ada&seq=0"));

    private static async Task<(HttpStatusCode Status, string? Code)> PublishAsync(HttpClient http, List<long> confirmed)
    {
        using var content = new StringContent(PublishExtensions.TokenJson(), Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/v1/events", content);
        var document = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        if (answer.IsSuccessStatusCode)
        {
            confirmed.Add(document.GetProperty("seq").GetInt64());
        }

        return (answer.StatusCode, document.TryGetProperty("code", out var code) ? code.GetString() : null);
    }
}
