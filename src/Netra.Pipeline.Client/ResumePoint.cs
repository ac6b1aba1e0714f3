namespace Netra.Pipeline.Client;

/// <summary>Where a client has come to in its user's stream, so that another one may go on from there.</summary>
/// <param name="Epoch">The history that the numbers belong to.</param>
/// <param name="From">Where its coverage began, from 0: what the last welcome said.</param>
/// <param name="Seq">The last number that the application has handled, from <paramref name="From"/>.</param>
public sealed record ResumePoint(string Epoch, long From, long Seq);
