using Netra.Pipeline.Agents;

namespace Netra.Pipeline.Tests.Agents;

internal sealed class RunCancellationTests
{
    [Test]
    public void TryCancel_First_DecidesAndSaysWhy()
    {
        using var cancellation = new RunCancellation(_ => { });

        Assert.Multiple(() =>
        {
            Assert.That(cancellation.TryCancel("first"), Is.True);
            Assert.That(cancellation.TryCancel("second"), Is.False);
            Assert.That(cancellation.Reason, Is.EqualTo("first"));
            Assert.That(cancellation.Token.IsCancellationRequested, Is.True);
            Assert.That(cancellation.TryClose(), Is.False);
        });
    }

    [Test]
    public void TryCancel_AfterTheEnd_IsTooLateEvenWithTheSameWord()
    {
        using var cancellation = new RunCancellation(_ => { });

        Assert.Multiple(() =>
        {
            Assert.That(cancellation.TryClose(), Is.True);
            Assert.That(cancellation.TryClose(), Is.True);
            Assert.That(cancellation.TryCancel("closed"), Is.False);
            Assert.That(cancellation.Reason, Is.Null);
            Assert.That(cancellation.Token.IsCancellationRequested, Is.False);
        });
    }

    [Test]
    public void StopLeftovers_AfterTheEnd_FiresTheTokenWithoutAReason()
    {
        using var cancellation = new RunCancellation(_ => { });
        cancellation.TryClose();

        cancellation.StopLeftovers();

        Assert.That((cancellation.Token.IsCancellationRequested, cancellation.Reason), Is.EqualTo((true, (string?)null)));
    }

    [Test]
    public void Watch_TokenFires_CancelsWithItsReason()
    {
        using var caller = new CancellationTokenSource();
        using var other = new CancellationTokenSource();
        using var cancellation = new RunCancellation(_ => { });
        cancellation.Watch("the caller", caller.Token);
        cancellation.Watch("another", other.Token);

        caller.Cancel();
        other.Cancel();

        Assert.That(cancellation.Reason, Is.EqualTo("the caller"));
    }

    [Test]
    public void Watch_Disposed_HearsNothingMore()
    {
        using var caller = new CancellationTokenSource();
        var cancellation = new RunCancellation(_ => { });
        cancellation.Watch("the caller", caller.Token);

        cancellation.Dispose();
        caller.Cancel();

        Assert.That(cancellation.Reason, Is.Null);
    }

    [Test]
    public async Task TryCancel_CallbackThrows_IsToldAndHurtsNobody()
    {
        var told = new TaskCompletionSource<Exception>();
        using var cancellation = new RunCancellation(told.SetResult);
        await using var registration = cancellation.Token.Register(() => throw new FormatException("callback"));

        Assert.That(cancellation.TryCancel("why"), Is.True);
        Assert.That((await told.Task.WaitAsync(AgentHost.Patience)).InnerException, Is.TypeOf<FormatException>());
    }

    [Test]
    public void TryCancel_WhileTheRunEnds_ExactlyOneWins()
    {
        for (var round = 0; round < 1_000; round++)
        {
            using var cancellation = new RunCancellation(_ => { });
            var (cancelled, closed) = (false, false);

            Parallel.Invoke(() => cancelled = cancellation.TryCancel("why"), () => closed = cancellation.TryClose());

            Assert.That(cancelled, Is.Not.EqualTo(closed));
        }
    }
}
