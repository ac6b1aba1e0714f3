using System.Runtime.CompilerServices;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Tests.Failures;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class TaskObservationTests
{
    // A task without it shows that the runtime would have said so.
    [Test]
    public void ObserveFailure_OfATaskThatIsLeft_IsNotUnobserved()
    {
        var (left, observed) = (new InvalidOperationException("left"), new InvalidOperationException("observed"));
        var (isLeftSeen, isObservedSeen) = (false, false);
        void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs unobserved)
        {
            isLeftSeen |= unobserved.Exception.InnerExceptions.Contains(left);
            isObservedSeen |= unobserved.Exception.InnerExceptions.Contains(observed);
        }

        TaskScheduler.UnobservedTaskException += OnUnobserved;
        try
        {
            Fail(observed, static task => task.ObserveFailure());
            Fail(left, static _ => { });
            Assert.That(
                () =>
                {
                    GC.Collect();
                    GC.WaitForPendingFinalizers();
                    return Volatile.Read(ref isLeftSeen);
                },
                Is.True.After(30_000, 20));
            Assert.That(isObservedSeen, Is.False);
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= OnUnobserved;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fail(Exception exception, Action<Task> use)
    {
        var source = new TaskCompletionSource();
        use(source.Task);
        source.SetException(exception);
    }
}
