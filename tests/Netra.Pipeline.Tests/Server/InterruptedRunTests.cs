using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server;

/// <summary>A run of the real server that the end of its process interrupts: the page that comes back sees it end.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class InterruptedRunTests
{
    [Test]
    public async Task Run_ServerIsKilledInTheMiddle_FailsOnceAfterTheRestart()
    {
        var folder = Directory.CreateTempSubdirectory("netra-interrupted-");
        try
        {
            WelcomeMessage welcome;
            long seen;
            string run;
            await using (var server = ServerProcess.Start("Development", $"--Netra:DataDirectory={folder.FullName}"))
            {
                await using var page = await TestClient.ConnectAsync(AddressOf(await server.WhenReadyAsync()));
                welcome = page.Welcome;
                await page.SendAsync("""{"type":"chat_message","id":"m1","thread_id":"t1","content":"Count slowly to 100"}""");
                run = (await page.ReadAsync<AcceptedMessage>()).RunId!;
                seen = (await page.ReadEventsAsync(5))[^1].Seq;
                await server.KillAsync();
            }

            await using var again = ServerProcess.Start("Development", $"--Netra:DataDirectory={folder.FullName}");
            await using var back = await TestClient.ConnectAsync(
                AddressOf(await again.WhenReadyAsync(), $"&epoch={welcome.Epoch}&seq={seen}&from={welcome.From}"));
            Assert.That(back.Welcome.Resumed, Is.True);
            EventMessage end;
            do
            {
                end = await back.ReadAsync<EventMessage>();
            }
            while (end.RunId == run && end.EventType is not EventType.AgentFailed);

            Assert.That((end.RunId, end.Data.GetProperty("error").GetProperty("code").GetString()), Is.EqualTo((run, "server_restart")));
            Assert.That(end.Run!.Value.LastSeq, Is.EqualTo(end.Seq));
            Assert.That(back.Welcome.Seq, Is.EqualTo(end.Seq), "nothing comes after it");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Uri AddressOf(int port, string more = "") => new($"ws://127.0.0.1:{port}/ws?user_id=ada{more}");
}
