using System.Runtime.CompilerServices;
using Netra.Pipeline.Publishing;

namespace Netra.Pipeline.Tests.Publishing;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class PublishOutcomeTests
{
    // A publisher that goes away in the middle of a request reads no more answers.
    [Test]
    public void Acknowledged_FailsAndNobodyAsks_LeavesNothingUnobserved()
    {
        const string Mark = "an acknowledgement of which nobody asks what became of it";
        var unobserved = 0;
        void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs task)
        {
            if (task.Exception.InnerExceptions.Any(static exception => exception.Message == Mark))
            {
                Interlocked.Increment(ref unobserved);
            }
        }

        TaskScheduler.UnobservedTaskException += OnUnobserved;
        try
        {
            FailAndForget(Mark);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= OnUnobserved;
        }

        Assert.That(unobserved, Is.Zero);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FailAndForget(string message)
    {
        var kept = new TaskCompletionSource();
        _ = PublishOutcome.Acknowledged("c-1", kept.Task, at: 0);
        kept.SetException(new InvalidOperationException(message));
    }
}
