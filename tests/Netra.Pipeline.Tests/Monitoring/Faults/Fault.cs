using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Tests.Monitoring.Faults;

/// <summary>One way in which something can go wrong, how to bring it about in a running server, and what must come of it.</summary>
/// <param name="Name">Names it in the catalogue.</param>
/// <param name="Source">
/// Where it is known from: a document (S0–S4), a section 2 thread of the peers (P and its number), or the design (+).
/// </param>
/// <param name="What">What happens, for operators.</param>
/// <param name="Alert">The alert that must fire.</param>
/// <param name="Inject">Brings it about.</param>
internal sealed record Fault(string Name, string Source, string What, string Alert, Func<FaultBench, Task> Inject)
{
    /// <summary>The failure that is raised or reported; null when the alert alone tells.</summary>
    public FailureCode? Code { get; init; }

    /// <summary>The alert's label, where the rule has one for each.</summary>
    public string? Label { get; init; }

    /// <summary>How many seconds may pass until it is noticed.</summary>
    public int Window { get; init; } = 2;

    /// <summary>Takes the cause away; nothing is to be done where it goes by itself.</summary>
    public Func<FaultBench, Task>? Heal { get; init; }

    /// <summary>How many seconds may pass until the alert is over once the cause is gone.</summary>
    public int Recovery { get; init; } = 75;

    /// <summary>Seconds that one step of waiting takes: long waits go in larger ones.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>More configuration.</summary>
    public IReadOnlyList<(string Key, string Value)> Settings { get; init; } = [];

    public override string ToString() => Name;
}
