using System.Net;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server;

/// <summary>
/// The data folder is deleted under a running server: nothing more is promised, it is said, and what was promised can be saved.
/// </summary>
[TestFixture]
[Platform("Linux")]
[Parallelizable(ParallelScope.All)]
internal sealed class LostFilesTests
{
    [Test]
    public async Task Server_FolderDeleted_SaysSoTakesNothingAndWhatIsOpenCanBeSaved()
    {
        var folder = Directory.CreateTempSubdirectory("netra-lost-");
        var (data, saved) = (Path.Combine(folder.FullName, "data"), Path.Combine(folder.FullName, "saved"));
        try
        {
            long accepted;
            await using (var server = ServerProcess.Start(
                "Development", $"--Netra:DataDirectory={data}", "--Netra:Emission:RoomTimeout=00:00:01"))
            {
                using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{await server.WhenReadyAsync()}") };
                for (var i = 0; i < 20; i++)
                {
                    Assert.That((await PublishAsync(http)).Status, Is.EqualTo(HttpStatusCode.Accepted), "it is stored");
                }

                accepted = await AcceptedAsync(http);
                Directory.Delete(data, recursive: true);

                string ready = "";
                await Eventually.BecomesTrueAsync(
                    async () =>
                    {
                        using var answer = await http.GetAsync("/readyz");
                        ready = await answer.Content.ReadAsStringAsync();
                        return answer.StatusCode == HttpStatusCode.ServiceUnavailable;
                    },
                    "the server is not ready");
                Assert.That(ready, Does.Contain(Path.Combine(data, "netra.db")).And.Contain("deleted or renamed"));
                var (status, problem) = await PublishAsync(http);
                Assert.That((status, problem), Is.EqualTo((HttpStatusCode.ServiceUnavailable, "log_failed")));
                await Eventually.BecomesTrueAsync(
                    async () => (await http.GetStringAsync("/monitoring/websocket/alerts")).Contains("data_files_lost"), "it is alarmed");
                Save(server.Id, saved);
                await EndsInTimeAsync(server);
            }

            await using var next = ServerProcess.Start("Development", $"--Netra:DataDirectory={saved}");
            using var again = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{await next.WhenReadyAsync()}") };
            Assert.That(await AcceptedAsync(again), Is.EqualTo(accepted).And.EqualTo(20));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // Measured before: 30 s, and a core dump. How long it may take: StopTests, which runs alone.
    private static async Task EndsInTimeAsync(ServerProcess server)
    {
        var begun = FairStopwatch.Start();
        await server.SignalAsync("TERM");
        var (exitCode, output) = await server.WhenExitedAsync();
        Assert.That(begun.Fair, Is.LessThan(TimeSpan.FromSeconds(10)), output);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(output, Does.Contain("[1513]").And.Contain("The server did not end well").And.Contain("was deleted or renamed"));
    }

    // As in docs/operations.md.
    private static void Save(int process, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var link in new DirectoryInfo($"/proc/{process}/fd").EnumerateFiles())
        {
            var name = Path.GetFileName(link.LinkTarget)?.Replace(" (deleted)", "", StringComparison.Ordinal);
            if (name is "netra.db" or "netra.db-wal")
            {
                File.Copy(link.FullName, Path.Combine(to, name), overwrite: true);
            }
        }
    }

    private static async Task<(HttpStatusCode Status, string? Code)> PublishAsync(HttpClient http)
    {
        using var content = new StringContent(
            PublishExtensions.EventJson("agent_started", """{"agent_name":"a"}"""), Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/v1/events", content);
        var document = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        return (answer.StatusCode, document.TryGetProperty("code", out var code) ? code.GetString() : null);
    }

    private static async Task<long> AcceptedAsync(HttpClient http)
        => JsonElement.Parse(await http.GetStringAsync("/v1/ledger")).GetProperty("accepted").GetInt64();
}
