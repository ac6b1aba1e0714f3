namespace Netra.Pipeline.Publishing;

/// <summary>The first publish under a key while it is under way.</summary>
/// <param name="content">The hash of what is published.</param>
internal sealed class FirstPublish(UInt128 content)
{
    // Whoever waits goes on elsewhere: the first must not do their work.
    private readonly TaskCompletionSource<PublishOutcome?> _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public UInt128 Content => content;

    /// <summary>Its outcome once the event is accepted, though perhaps not stored; null when it was refused, so that the next publish is the first.</summary>
    public Task<PublishOutcome?> Decided => _decided.Task;

    public void Decide(PublishOutcome? outcome) => _decided.SetResult(outcome);
}
