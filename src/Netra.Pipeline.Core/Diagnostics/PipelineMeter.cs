namespace Netra.Pipeline.Diagnostics;

/// <summary>The name under which collectors find the product's metrics.</summary>
public static class PipelineMeter
{
    /// <summary>The name of the meter.</summary>
    public const string Name = "Netra.Pipeline";
}
