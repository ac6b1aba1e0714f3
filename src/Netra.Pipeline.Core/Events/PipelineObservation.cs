using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Events;

/// <summary>
/// Tells the registered observers. What one of them throws ends here: it is reported, once a minute at most, and the others are
/// told all the same. Safe from any thread.
/// </summary>
internal sealed class PipelineObservation
{
    // What an observer may take before it is called slow: it holds up the emitting thread.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly IPipelineObserver[] _observers;
    private readonly TimeProvider _time;
    private readonly FailureDigest _failed;

    public PipelineObservation(IEnumerable<IPipelineObserver> observers, FailureReporter failures, TimeProvider time)
    {
        (_observers, _time) = ([.. observers], time);
        _failed = new FailureDigest(time, (count, what, exception) => failures.Report(
            new Failure(FailureCode.ObserverFailed, "observe", count == 1 ? what : $"{what} ({count} times since the last report)")
            {
                Exception = exception,
            }));
        failures.Subscribe(OnFailure);
    }

    /// <summary>Whether there are observers; without any nothing is made for them.</summary>
    public bool HasObservers => _observers.Length > 0;

    public void OnEvent(in ObservedEvent observed) => Tell(observed, static (observer, observed) => observer.OnEvent(observed));

    public void OnConnection(in ObservedConnection observed)
        => Tell(observed, static (observer, observed) => observer.OnConnection(observed));

    /// <summary>Tells what was held back. Called by the tick.</summary>
    public void OnTick() => _failed.TellIfDue();

    // The report of an observer that throws comes here again; the digest keeps it from going round and round.
    private void OnFailure(Failure failure) => Tell(failure, static (observer, failure) => observer.OnFailure(failure));

    private void Tell<T>(in T what, Action<IPipelineObserver, T> tell)
    {
        foreach (var observer in _observers)
        {
            var begun = _time.GetTimestamp();
            try
            {
                tell(observer, what);
            }
            catch (Exception exception)
            {
                _failed.Add($"observer {observer.GetType().Name} threw: {exception.Message}", exception);
            }

            Watch(observer, begun);
        }
    }

    private void Watch(IPipelineObserver observer, long begun)
    {
        if (_time.GetElapsedTime(begun) is var took && took > Patience)
        {
            _failed.Add(
                $"observer {observer.GetType().Name} took {took.TotalMilliseconds:F0} ms; "
                + $"more than {Patience.TotalMilliseconds:F0} ms hold up whoever emits");
        }
    }
}
