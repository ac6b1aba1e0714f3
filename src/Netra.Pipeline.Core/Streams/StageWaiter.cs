using Netra.Pipeline.Events;

namespace Netra.Pipeline.Streams;

/// <summary>One wait for one event to come to a stage.</summary>
internal sealed class StageWaiter(DeliveryStage stage, long seq)
{
    private readonly TaskCompletionSource _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DeliveryStage Stage { get; } = stage;

    public long Seq { get; } = seq;

    public Task Task => _source.Task;

    public void Reached() => _source.TrySetResult();

    public void Fail(Exception cause) => _source.TrySetException(cause);
}
