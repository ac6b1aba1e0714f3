using Netra.Pipeline.Connections;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Streams;

/// <summary>What has no number: answers push back, errors merge, and a ping is a slot.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class SendLanesTests
{
    private static readonly byte[] Answer = ServerMessageWriter.Accepted("m1");

    [Test]
    public async Task Answers_OfAReaderThatWaitsForRoom_NeverOverflow()
    {
        const int Count = 200_000;
        var queue = Queue(8);
        var taking = Task.Run(async () =>
        {
            for (var taken = 0; taken < Count;)
            {
                if (queue.TryDequeueControl(out _))
                {
                    taken++;
                }
                else
                {
                    await Task.Yield();
                }
            }
        });

        for (var i = 0; i < Count; i++)
        {
            await queue.WhenAnswersHaveRoom();
            if (!queue.TryEnqueueControl(Answer))
            {
                Assert.Fail($"Answer {i} found no room.");
            }
        }

        await taking.WaitAsync(TestClient.Patience);
        Assert.That(queue.IsEmpty, Is.True);
    }

    [Test]
    public async Task Answers_OfManyHandlersAtOnce_AllComeWithinTheLane()
    {
        var queue = Queue(8);

        var answering = Enumerable.Range(0, 256).Select(_ => Task.Run(async () => await queue.EnqueueControlAsync(Answer))).ToArray();

        var taken = 0;
        await Eventually.BecomesTrueAsync(
            () =>
            {
                while (queue.TryDequeueControl(out _))
                {
                    taken++;
                }

                return taken == 256;
            },
            "all answers came");
        await Task.WhenAll(answering).WaitAsync(TestClient.Patience);
    }

    [Test]
    public async Task Close_WithSomebodyWaiting_LetsThemGo()
    {
        var queue = Queue(8);
        for (var i = 0; i < 4; i++)
        {
            queue.TryEnqueueControl(Answer);
        }

        var reading = queue.WhenAnswersHaveRoom().AsTask();
        var handling = queue.EnqueueControlAsync(Answer).AsTask();
        Assert.That((reading.IsCompleted, handling.IsCompleted), Is.EqualTo((false, false)));

        queue.Close();

        await Task.WhenAll(reading, handling).WaitAsync(TestClient.Patience);
    }

    [Test]
    public void PagePing_AskedForTwice_IsOnePingWithTheLatestTime()
    {
        var queue = Queue(64);
        queue.RequestPagePing(0);
        queue.RequestPagePing(7);

        Assert.That((queue.IsEmpty, queue.TryTakePagePing(out var ts), ts), Is.EqualTo((false, true, 7)));
        Assert.That((queue.IsEmpty, queue.TryTakePagePing(out _)), Is.EqualTo((true, false)));
    }

    private static SendQueue Queue(int answers) => new(new ConnectionOptions { ControlMessages = answers }.QueueLimits, static () => { });
}
