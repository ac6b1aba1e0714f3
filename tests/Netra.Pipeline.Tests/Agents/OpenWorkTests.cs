using Netra.Pipeline.Agents;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Agents;

internal sealed class OpenWorkTests
{
    [Test]
    public async Task Wait_AllEnds_IsTrueHoweverItEnded()
    {
        var work = new OpenWork();
        var (well, badly) = (new TaskCompletionSource<int>(), new TaskCompletionSource<int>());
        _ = work.Track("well", well.Task);
        _ = work.Track("badly", badly.Task);

        var waiting = work.WaitAsync(TimeSpan.FromSeconds(1), new TestTimeProvider());
        well.SetResult(1);
        badly.SetException(new TimeoutException("its own"));

        Assert.That(await waiting.WaitAsync(AgentHost.Patience), Is.True);
        Assert.That(work.IsEmpty, Is.True);
    }

    [Test]
    public async Task Wait_TimeIsUp_IsFalseAndNamesWhatGoesOn()
    {
        var time = new TestTimeProvider();
        var work = new OpenWork();
        _ = work.Track("slow", new TaskCompletionSource<int>().Task);
        _ = work.Track("done", Task.FromResult(1));

        var waiting = work.WaitAsync(TimeSpan.FromSeconds(1), time);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(await waiting.WaitAsync(AgentHost.Patience), Is.False);
        Assert.That(work.Names, Is.EqualTo(new[] { "slow" }));
    }
}
