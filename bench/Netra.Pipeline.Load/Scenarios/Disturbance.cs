namespace Netra.Pipeline.Load.Scenarios;

/// <summary>What a scenario does to its pages and publishers while events come.</summary>
internal abstract class Disturbance
{
    /// <summary>What was done so far, for the report.</summary>
    public abstract IReadOnlyDictionary<string, double> Figures { get; }

    /// <summary>Disturbs until it is cancelled, or has done all that it does.</summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">Cancelled when the last event was published.</param>
    public abstract Task RunAsync(ScenarioRun run, CancellationToken cancellationToken);

    /// <summary>Puts everything right again, so that what is missing can come.</summary>
    /// <param name="run">The run.</param>
    public virtual void Calm(ScenarioRun run)
    {
    }
}
