using Netra.Pipeline.Client;
using Netra.Pipeline.Client.Publishing;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Packages;

namespace Netra.Pipeline.Tests.Client;

/// <summary>What docs/publish.md and docs/connect.md show of the clients does what they say.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ClientSnippetTests
{
    [Test]
    public async Task Snippets_InDotNet_PublishARunAndReadIt()
    {
        await using var host = await PipelineHost.StartAsync();
        var file = Path.GetTempFileName();
        File.Delete(file);

        await PublishAsync($"{host.HttpAddress}");
        await ReadAsync($"{host.HttpAddress}", file).WaitAsync(TestClient.Patience);
        File.Delete(file);
    }

    [TestCase("publish_snippet.py", "Receipt(status='stored', id=", "seq=5")]
    [TestCase("publish_bare_snippet.py", "{\"id\":", "\"seq\":1,\"status\":\"stored\"")]
    public async Task Snippet_InPython_PrintsItsReceipt(string program, params string[] printed)
    {
        await using var host = await PipelineHost.StartAsync();

        var output = await PackageFeed.RunAsync(
            Repository.PathOf("tests/publishers"), "python3", "-B", program, $"http://127.0.0.1:{host.Port}");

        Assert.That(printed, Has.All.Matches<string>(output.Contains));
    }

    private static async Task PublishAsync(string server)
    {
        await using var publisher = new PipelinePublisher(new PublisherOptions { Address = new Uri(server) });
        await using var run = publisher.Run("ada", "t1", "r1");
        await run.StartedAsync("my-agent");
        foreach (var word in new[] { "Hello", ", ", "world" })
        {
            await run.TokenAsync(word, run.Cancelled); // waits for room; the task within is the receipt
        }

        var receipt = await run.CompletedAsync(); // stored, and with it all that came before
        Console.WriteLine($"{receipt.Status} {receipt.Seq}");
        Assert.That(receipt.Seq, Is.EqualTo(5));
    }

    private static async Task ReadAsync(string server, string file)
    {
        await using var client = new EventClient(new EventClientOptions
        {
            Address = new Uri(server),
            UserId = "ada",
            Start = EventStart.Beginning, // of what the server keeps; by default from now on
            Store = new FileResumeStore(file), // go on there when the process comes back
            StateChanged = state => Console.WriteLine(state),
            EventsLost = lost => Console.WriteLine($"{lost.From} to {lost.To} are lost: {lost.Cause}"),
        });

        await foreach (var next in client.ReadAsync())
        {
            switch (next)
            {
                case Token token:
                    Console.Write(token.Delta);
                    break;
                case RunWaiting question: // await client.AnswerAsync(question, value)
                    Console.WriteLine(question.Prompt);
                    break;
                case RunEnded end:
                    Console.WriteLine($"{end.AgentName} is done");
                    return;
            }
        }
    }
}
