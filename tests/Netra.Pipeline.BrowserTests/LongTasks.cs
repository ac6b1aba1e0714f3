using System.Globalization;

namespace Netra.Pipeline.BrowserTests;

/// <summary>What a page did for longer than 50 ms at a time.</summary>
/// <param name="Durations">In milliseconds, the longest first; empty when there was nothing.</param>
/// <param name="Slowdown">How many times slower the machine was meanwhile than at its best.</param>
/// <param name="Parts">The processor time that the page took for each of some parts, in milliseconds.</param>
internal sealed record LongTasks(string Durations, double Slowdown, IReadOnlyList<double> Parts)
{
    /// <summary>Whether nothing else was the matter, so that a long task is the page's own.</summary>
    public bool IsVerdict => Slowdown < 1.5;

    /// <summary>How many times as much the last part took as the first or the second, in which less is compiled.</summary>
    public double Growth => Parts[^1] / Math.Max(1, Math.Min(Parts[0], Parts[1]));

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"at a time {Durations} ms ({Slowdown:F1} times slower); parts {string.Join(' ', Parts.Select(static ms => $"{ms:F0}"))} ms");
}
