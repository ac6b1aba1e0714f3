namespace Netra.Pipeline.Load.Measuring;

/// <summary>The one in the middle.</summary>
internal static class Median
{
    /// <summary>The median of some values; 0 of none.</summary>
    public static double Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0
            ? 0
            : sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
