using Netra.Pipeline.Connections;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Monitoring.Trends;

/// <summary>
/// Estimates how many more users fit until which limit. What a user takes of places and queues is what users take now; of memory and
/// processors it is how these rise with the number of users, over the last hour and day, where that number has changed enough to tell. Safe
/// from any thread.
/// </summary>
internal sealed class Capacity(TrendRings rings, TrendReader reader, ConnectionSlots slots, BufferBudget buffers)
{
    // Fewer points, a smaller change, or points farther from a line than this tell nothing.
    private const int FewestPoints = 12;
    private const double SmallestChange = 0.2;
    private const int FewestUsers = 10;
    private const double LeastFit = 0.5;

    /// <summary>The estimate of this moment.</summary>
    public CapacityEstimate Read()
    {
        var now = reader.Latest;
        var users = now?[TrendMeasure.Users] ?? 0;
        IReadOnlyList<TrendPoint> points = [.. rings.Read(TrendRange.Day), .. rings.Read(TrendRange.Hour)];
        CapacityLimit[] limits =
        [
            Of("connections", slots.Held, slots.HoldLimit, PerUser(now?[TrendMeasure.Connections] ?? 0, users)),

            // Without the recent windows, which give way.
            Of("buffer_bytes", buffers.Queues, buffers.Limit, PerUser(buffers.Queues, users)),
            Rising("memory_bytes", now, TrendMeasure.MemoryBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, points),
            Rising("cpu_cores", now, TrendMeasure.CpuCores, Environment.ProcessorCount, points),
        ];
        var first = limits.Where(static limit => limit.MoreUsers is not null).MinBy(static limit => limit.MoreUsers);
        return new CapacityEstimate((long)users, first?.MoreUsers, first?.Name, limits);
    }

    /// <summary>By how much a measure rises for each user more; null when that cannot be told.</summary>
    internal static double? RiseOf(IReadOnlyList<TrendPoint> points, TrendMeasure measure)
    {
        var seen = points.Where(static point => point.Seconds > 0).ToList();
        if (seen.Count < FewestPoints)
        {
            return null;
        }

        var (least, most) = (seen.Min(static point => point[TrendMeasure.Users]), seen.Max(static point => point[TrendMeasure.Users]));
        if (most - least < Math.Max(FewestUsers, most * SmallestChange))
        {
            return null;
        }

        // Least squares, and how much of the variance the line explains.
        var (meanUsers, meanValue) = (seen.Average(static point => point[TrendMeasure.Users]), seen.Average(point => point[measure]));
        var (both, ofUsers, ofValues) = (0.0, 0.0, 0.0);
        foreach (var point in seen)
        {
            var (user, value) = (point[TrendMeasure.Users] - meanUsers, point[measure] - meanValue);
            (both, ofUsers, ofValues) = (both + (user * value), ofUsers + (user * user), ofValues + (value * value));
        }

        return ofValues > 0 && both > 0 && both * both / (ofUsers * ofValues) >= LeastFit ? both / ofUsers : null;
    }

    private static double? PerUser(double used, double users) => users >= 1 && used > 0 ? used / users : null;

    private static CapacityLimit Rising(
        string name, TrendSample? now, TrendMeasure measure, double limit, IReadOnlyList<TrendPoint> points)
        => Of(name, now?[measure] ?? 0, limit, RiseOf(points, measure));

    private static CapacityLimit Of(string name, double used, double limit, double? perUser) => new(
        name,
        used,
        limit,
        perUser,
        perUser is > 0 and var each ? (long)Math.Clamp((limit - used) / each, 0, int.MaxValue) : null);
}

/// <summary>How many more users fit, as far as that can be told.</summary>
/// <param name="Users">How many are connected.</param>
/// <param name="MoreUsers">How many more there may be until the first limit is met; null when that cannot be told.</param>
/// <param name="FirstLimit">Which one that is.</param>
/// <param name="Limits">All limits.</param>
internal sealed record CapacityEstimate(long Users, long? MoreUsers, string? FirstLimit, IReadOnlyList<CapacityLimit> Limits);

/// <summary>One limit.</summary>
/// <param name="Name">What it is of.</param>
/// <param name="Used">How much is used.</param>
/// <param name="Limit">How much may be.</param>
/// <param name="PerUser">How much one user takes; null when that cannot be told.</param>
/// <param name="MoreUsers">For how many more there is room; null when that cannot be told.</param>
internal sealed record CapacityLimit(string Name, double Used, double Limit, double? PerUser, long? MoreUsers);
