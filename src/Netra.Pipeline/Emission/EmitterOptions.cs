namespace Netra.Pipeline.Emission;

/// <summary>How an emitter behaves.</summary>
public sealed record EmitterOptions
{
    /// <summary>What happens when the queue of a connection is full. Default <see cref="OverflowBehavior.Raise"/>.</summary>
    public OverflowBehavior Overflow { get; init; } = OverflowBehavior.Raise;

    /// <summary>How long <see cref="OverflowBehavior.Wait"/> waits. Above zero; default 10 s.</summary>
    public TimeSpan WaitTimeout { get; init; } = TimeSpan.FromSeconds(10);

    internal static EmitterOptions Default { get; } = new();
}
