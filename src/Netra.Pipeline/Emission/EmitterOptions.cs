namespace Netra.Pipeline.Emission;

/// <summary>How an emitter behaves.</summary>
public sealed record EmitterOptions
{
    /// <summary>What happens when the queue of a connection is full. Default <see cref="OverflowBehavior.Raise"/>.</summary>
    public OverflowBehavior Overflow { get; init; } = OverflowBehavior.Raise;

    /// <summary>How long <see cref="OverflowBehavior.Wait"/> waits. Above zero; default 10 s.</summary>
    public TimeSpan WaitTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The agent that runs in this process, so that the run cannot outlive it; null for a run whose work goes on elsewhere, or that the caller frames by itself.</summary>
    internal string? EmbeddedAgent { get; init; }

    internal static EmitterOptions Default { get; } = new();
}
