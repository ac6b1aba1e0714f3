namespace Netra.Pipeline.Benchmarks.Infrastructure;

/// <summary>Gives a benchmark a row in the report's table of the hot path.</summary>
/// <param name="order">Where the row stands.</param>
/// <param name="step">The step's name.</param>
/// <param name="ours">What of ours is measured.</param>
/// <param name="bare">What stands beside it.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class HotPathStepAttribute(int order, string step, string ours, string bare) : Attribute
{
    public int Order { get; } = order;

    public string Step { get; } = step;

    public string Ours { get; } = ours;

    public string Bare { get; } = bare;

    /// <summary>The benchmark of the bare primitive, where it is not the baseline.</summary>
    public string? BareMethod { get; init; }

    /// <summary>How many events one operation is for.</summary>
    public int Events { get; init; } = 1;
}
