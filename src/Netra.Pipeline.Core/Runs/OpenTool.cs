namespace Netra.Pipeline.Runs;

/// <summary>A tool that was called and has not completed.</summary>
/// <param name="Name">The tool.</param>
/// <param name="Since">Since when, in ticks of the run's working time.</param>
internal sealed record OpenTool(string Name, long Since)
{
    /// <summary>Whether it was reported as stuck.</summary>
    public bool IsReported { get; set; }
}
