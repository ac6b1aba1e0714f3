using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Threads;

/// <summary>Threads are found again after a restart.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ThreadsOverRestartTests
{
    [Test]
    public async Task Threads_AfterARestart_AreTheSame()
    {
        var folder = Directory.CreateTempSubdirectory("netra-threads-");
        try
        {
            var before = await LiveAsync(folder, events: 100);

            Assert.That(await LiveAsync(folder, events: 0), Is.EqualTo(before));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<string> LiveAsync(DirectoryInfo folder, int events)
    {
        await using var host = await PipelineHost.StartAsync(
            static pipeline => pipeline.UseEventLog<SqliteEventLog>(), settings: [("Netra:DataDirectory", folder.FullName)]);
        using var http = host.CreateClient();
        for (var i = 0; i < events; i++)
        {
            await http.PublishAsync(
                $$"""{"user_id":"ada","thread_id":"t{{i % 3}}","run_id":"r1","type":"token","data":{"delta":"{{i}}"} }""");
        }

        var (_, list) = await http.AskAsync("/v1/threads?user_id=ada");
        var (_, thread) = await http.AskAsync("/v1/threads/t1/events?user_id=ada");
        Assert.That(list.GetProperty("threads").GetArrayLength(), Is.EqualTo(3));
        Assert.That(thread.GetProperty("events").GetArrayLength(), Is.EqualTo(33));
        return list.GetRawText() + thread.GetRawText();
    }
}
