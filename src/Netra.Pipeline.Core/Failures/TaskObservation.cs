namespace Netra.Pipeline.Failures;

/// <summary>Lets go of tasks that nobody waits for any more.</summary>
internal static class TaskObservation
{
    /// <summary>
    /// Has the task's failure count as seen, whoever still waits for it: what it would say has been said by something else.
    /// </summary>
    public static void ObserveFailure(this Task task) => _ = task.ContinueWith(
        static left => _ = left.Exception,
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
