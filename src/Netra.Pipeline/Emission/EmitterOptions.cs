namespace Netra.Pipeline.Emission;

/// <summary>How an emitter behaves.</summary>
public sealed record EmitterOptions
{
    /// <summary>What happens when the queue of a connection is full. Default <see cref="OverflowBehavior.Raise"/>.</summary>
    public OverflowBehavior Overflow { get; init; } = OverflowBehavior.Raise;

    /// <summary>How long <see cref="OverflowBehavior.Wait"/> waits. Above zero; default 10 s.</summary>
    public TimeSpan WaitTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For how long the run may say nothing: <c>agent_started</c> says it. 1 s to 1 day; default: <c>Netra:Monitoring:RunLease</c>.</summary>
    public TimeSpan? Lease { get; init; }

    /// <summary>The agent that runs in this process, so that the run cannot outlive it; null for a run whose work goes on elsewhere, or that the caller frames by itself.</summary>
    internal string? EmbeddedAgent { get; init; }

    internal static EmitterOptions Default { get; } = new();
}
