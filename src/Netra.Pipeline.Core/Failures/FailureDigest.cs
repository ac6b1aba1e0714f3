namespace Netra.Pipeline.Failures;

/// <summary>
/// Failures that repeat, told with their count: the first at once, those after it once a minute. Safe from any thread;
/// what it tells goes out without a lock.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="tell">Tells of so many, with the last one's text and exception.</param>
internal sealed class FailureDigest(TimeProvider time, Action<long, string, Exception?> tell)
{
    /// <summary>How often it tells at most.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private long _count;
    private long _toldAt;
    private string _last = string.Empty;
    private Exception? _lastException;

    /// <summary>One more.</summary>
    public void Add(string what, Exception? exception = null)
    {
        lock (_gate)
        {
            _count++;
            (_last, _lastException) = (what, exception);
        }

        TellIfDue();
    }

    /// <summary>Tells what has come together, if it is time. Called by a loop.</summary>
    public void TellIfDue()
    {
        long count;
        string last;
        Exception? exception;
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (_count == 0 || (_toldAt != 0 && time.GetElapsedTime(_toldAt, now) < Interval))
            {
                return;
            }

            (count, last, exception) = (_count, _last, _lastException);
            (_count, _toldAt, _lastException) = (0, now, null);
        }

        tell(count, last, exception);
    }
}
