namespace Netra.Pipeline.Runs;

/// <summary>
/// Which attempt of a run a publisher is at: what a request, or an emitter of the process, publishes to the run without naming an attempt
/// belongs to it, however late it comes. Safe from any thread.
/// </summary>
/// <param name="met">The run's attempt when the publisher first published to it.</param>
internal sealed class PublisherAttempt(int met)
{
    private int _value = met;
    private int _latest;

    /// <summary>The latest attempt that it has begun, or the one that it met.</summary>
    public int Value => Volatile.Read(ref _value);

    /// <summary>
    /// The latest attempt that it publishes to, also one that it only names: while that is the run's, its being there renews the run.
    /// </summary>
    public int Latest => Volatile.Read(ref _latest);

    /// <summary>A publisher that publishes to one attempt.</summary>
    public static PublisherAttempt At(int attempt)
    {
        var publisher = new PublisherAttempt(attempt);
        publisher.Reach(attempt);
        return publisher;
    }

    /// <summary>It has begun an attempt.</summary>
    public void Begin(int attempt)
    {
        Raise(ref _value, attempt);
        Raise(ref _latest, attempt);
    }

    /// <summary>It publishes to an attempt.</summary>
    public void Reach(int attempt) => Raise(ref _latest, attempt);

    private static void Raise(ref int place, int attempt)
    {
        var known = Volatile.Read(ref place);
        while (known < attempt && Interlocked.CompareExchange(ref place, attempt, known) is var found && found != known)
        {
            known = found;
        }
    }
}
