using Netra.Pipeline.Load.Checks;

namespace Netra.Pipeline.Load.Publishing;

/// <summary>An event that is to be published: for whom, and in which place.</summary>
/// <param name="Stream">What is published for its user.</param>
/// <param name="Place">Its place among the user's.</param>
/// <param name="Due">When it is due, in nanoseconds of the monotonic clock.</param>
/// <param name="Kind">Which event it is.</param>
internal readonly record struct PublishedLine(PublishedStream Stream, long Place, long Due, PublishedKind Kind);
