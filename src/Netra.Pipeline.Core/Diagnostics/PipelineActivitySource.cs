using System.Diagnostics;

namespace Netra.Pipeline.Diagnostics;

/// <summary>The name under which collectors find the product's spans.</summary>
public static class PipelineActivitySource
{
    /// <summary>The name of the source.</summary>
    public const string Name = "Netra.Pipeline";

    /// <summary>The source. One for the process, as collectors subscribe by name.</summary>
    internal static ActivitySource Instance { get; } = new(Name);
}
