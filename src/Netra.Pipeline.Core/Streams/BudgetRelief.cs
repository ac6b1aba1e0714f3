using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Streams;

/// <summary>
/// Makes room when the queues and windows of all pages exceed their budget: first the windows drop events that the log has stored, then the
/// largest queues are taken back, so that pages that read are left alone. Nothing is lost by it: the log has the events, and the pages are
/// caught up from it.
/// </summary>
/// <remarks>
/// Runs on the thread of the emitter whose event exceeded the budget, when it holds no lock, so that it needs no thread of the pool; one at
/// a time, other emitters continue. It looks at all streams, so after a run that brought little it pauses for a multiple of the run's time.
/// </remarks>
/// <param name="budget">The budget.</param>
/// <param name="streams">The streams that are loaded.</param>
/// <param name="failures">Reports what was taken back.</param>
/// <param name="time">The clock.</param>
internal sealed class BudgetRelief(BufferBudget budget, Func<IEnumerable<UserStream>> streams, FailureReporter failures, TimeProvider time)
{
    private const int PauseFactor = 10;

    // More than the queue of a page that reads ever holds: two flushes.
    private const long LargeBytes = 64 * 1024;

    private long _notBefore = long.MinValue;
    private int _isRunning;

    // Three quarters, or it would be due again at once.
    private long Enough => budget.Limit / 4 * 3;

    /// <summary>Whether there is something to do. To be asked after every event.</summary>
    public bool IsDue => budget.IsExceeded;

    /// <summary>Makes room.</summary>
    /// <param name="own">The stream of the event that exceeded the budget.</param>
    public void Run(UserStream own)
    {
        var begun = time.GetTimestamp();
        if (begun >= Volatile.Read(ref _notBefore) && Interlocked.Exchange(ref _isRunning, 1) == 0)
        {
            Report(RunAlone(begun));
        }
        else if (budget.Used > budget.Limit / 8 * 9)
        {
            // The emitter that makes room may get no processor for a while. Until then others take back the large queues of their stream.
            Report(TakeBack(Large(own)));
        }
    }

    private Failure? RunAlone(long begun)
    {
        try
        {
            foreach (var stream in streams())
            {
                stream.Storage.LetGoOfWindow();
            }

            return budget.IsExceeded ? TakeBack(Largest()) : null;
        }
        finally
        {
            if (budget.Used > Enough)
            {
                // It brought little, and looking again at once would bring no more.
                var now = time.GetTimestamp();
                Volatile.Write(ref _notBefore, now + (PauseFactor * (now - begun)));
            }

            Volatile.Write(ref _isRunning, 0);
        }
    }

    // As long as there are large ones they alone: while it looks, other emitters fill queues that were small, and those of pages that read
    // are not to pay for that. What they have filled is large when it looks next.
    private IEnumerable<(UserStream Stream, StreamSubscription Subscription)> Largest()
    {
        var places = streams()
            .SelectMany(static stream => stream.Subscribers.All.Select(subscription => (Stream: stream, Subscription: subscription)))
            .Select(static place => (Place: place, Bytes: place.Subscription.Queue.ChargedBytes))
            .Where(static queue => queue.Bytes > 0)
            .OrderByDescending(static queue => queue.Bytes)
            .ToList();
        var least = places.Count > 0 && places[0].Bytes > LargeBytes ? LargeBytes : 0;
        return places.TakeWhile(queue => queue.Bytes > least).Select(static queue => queue.Place);
    }

    private static IEnumerable<(UserStream Stream, StreamSubscription Subscription)> Large(UserStream own)
        => own.Subscribers.All.Where(
            static subscription => subscription.Queue.ChargedBytes > LargeBytes).Select(subscription => (own, subscription));

    private Failure? TakeBack(IEnumerable<(UserStream Stream, StreamSubscription Subscription)> places)
    {
        var (used, before, connections) = (budget.Used, budget.Queues, 0);
        OverflowedConnection? first = null;
        foreach (var (stream, subscription) in places)
        {
            if (budget.Used <= Enough)
            {
                break;
            }

            if (stream.Subscribers.TryTakeBack(subscription, out var taken))
            {
                first ??= taken;
                connections++;
            }
        }

        return first is null ? null : DescribeRelief(used, before - budget.Queues, connections, first);
    }

    private void Report(Failure? relief)
    {
        if (relief is not null)
        {
            failures.Report(relief);
        }
    }

    private Failure DescribeRelief(long used, long freed, int connections, OverflowedConnection first)
    {
        var message = $"What waits for pages held {used} of {budget.Limit} bytes ({LimitOptions.BufferBudget}), "
            + $"so the {connections} largest queues were taken back, {freed} bytes. "
            + $"The largest one, of connection {first.ConnectionId}, held {first.QueuedFrames} frames and {first.QueuedBytes} bytes. "
            + $"These pages do not read; they are caught up from the log";
        return Failure.In(FailureCode.BufferOverflow, new FailureScope("TakeBackQueues"), message) with
        {
            Numbers = new Dictionary<string, long>(StringComparer.Ordinal)
            {
                ["connections"] = connections,
                ["bytes"] = freed,
                ["used"] = used,
                ["limit"] = budget.Limit,
            },
        };
    }
}
