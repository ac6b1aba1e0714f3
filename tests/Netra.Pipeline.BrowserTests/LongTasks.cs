using System.Globalization;

namespace Netra.Pipeline.BrowserTests;

/// <summary>What a page did for longer than 50 ms at a time.</summary>
/// <param name="Durations">In milliseconds, the longest first; empty when there was nothing.</param>
/// <param name="Slowdown">How many times slower the machine was meanwhile than at its best.</param>
internal sealed record LongTasks(string Durations, double Slowdown)
{
    /// <summary>Whether nothing else was the matter, so that a long task is the page's own.</summary>
    public bool IsVerdict => Slowdown < 1.5;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Durations} ms ({Slowdown:F1} times slower)");
}
