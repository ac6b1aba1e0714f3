using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server.CommandLine;

/// <summary><c>backup</c> and <c>check</c> beside the real server process.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class FolderCommandTests
{
    [Test]
    public async Task Backup_RestoredLater_IsLoadedAnewByAPageThatKnowsMore()
    {
        var root = Directory.CreateTempSubdirectory("netra-backup-");
        try
        {
            var (data, backup) = (Path.Combine(root.FullName, "data"), Path.Combine(root.FullName, "backup"));
            string epoch;
            await using (var server = ServerProcess.Start("Development", $"--Netra:DataDirectory={data}"))
            {
                var port = await server.WhenReadyAsync();
                await PublishAsync(port, 5);
                await RunAsync(0, "netra.db: ", "backup", backup, $"--Netra:DataDirectory={data}");
                await Eventually.BecomesTrueAsync(
                    () => server.Output.Contains($"was copied to {backup}", StringComparison.Ordinal), "it is in the audit");
                await PublishAsync(port, 5);
                await using var page = await ConnectAsync(port, "&seq=0");
                Assert.That((await page.ReadEventsAsync(10))[^1].Seq, Is.EqualTo(10));
                epoch = page.Welcome.Epoch;
                await server.StopAsync();
            }

            await RunAsync(0, "netra.db: well, ", "check", backup);
            await RunAsync(0, "alerts.db: well", "check", $"--Netra:DataDirectory={data}");
            Directory.Delete(data, recursive: true);
            Directory.Move(backup, data);
            await using var restored = ServerProcess.Start("Development", $"--Netra:DataDirectory={data}");
            var again = await restored.WhenReadyAsync();
            await using var back = await ConnectAsync(again, $"&epoch={epoch}&seq=10");

            Assert.That(back.Welcome.Resumed, Is.False);
            Assert.That(back.Welcome.Epoch, Is.Not.EqualTo(epoch));
            var kept = await back.ReadEventsAsync(5);
            Assert.That(kept.Select(static e => e.Seq), Is.EqualTo(new long[] { 1, 2, 3, 4, 5 }), "all that is kept");
            await PublishAsync(again, 1);
            Assert.That((await back.ReadEventsAsync(1))[0].Seq, Is.EqualTo(6 + (1L << 20)), "no number of the lost ones is given again");
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Test]
    public async Task Check_BytesChangedOrNothingThere_SaysSoAndFails()
    {
        await using var folder = new ServerFolder();
        await using (var server = ServerProcess.Start("Development", folder.Argument))
        {
            await PublishAsync(await server.WhenReadyAsync(), 200);
            await server.StopAsync();
        }

        var database = Path.Combine(folder.Argument.Split('=')[1], "netra.db");
        var bytes = await File.ReadAllBytesAsync(database);
        bytes[bytes.AsSpan().IndexOf("\"delta\":\"x\""u8) + 9] ^= 1;
        await File.WriteAllBytesAsync(database, bytes);

        await RunAsync(1, "is not as it was stored", "check", folder.Argument);
        await RunAsync(1, "no database", "check", Path.GetTempPath() + "/netra-nothing-there");
        await RunAsync(1, "nothing to copy", "backup", Path.GetTempPath() + "/netra-to", "--Netra:DataDirectory=/tmp/netra-nothing-there");
    }

    private static async Task PublishAsync(int port, int count)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        for (var i = 0; i < count; i++)
        {
            await http.PublishAsync(PublishExtensions.TokenJson());
        }
    }

    private static Task<TestClient> ConnectAsync(int port, string more)
        => TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/ws?user_id=ada{more}"));

    private static async Task RunAsync(int expected, string words, params string[] arguments)
    {
        await using var program = ServerProcess.Run(arguments);
        var (exitCode, output) = await program.WhenExitedAsync();
        Assert.That((exitCode, output), Is.EqualTo((expected, output)), output);
        Assert.That(output, Does.Contain(words));
    }
}
