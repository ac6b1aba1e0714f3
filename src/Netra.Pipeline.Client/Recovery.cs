namespace Netra.Pipeline.Client;

/// <summary>The connection is back, and what was missed has been handled.</summary>
/// <param name="Events">How many events were caught up.</param>
/// <param name="IsComplete">
/// Whether nothing of what was missed is lost, and the history is still the same one; what is lost was told as <see cref="LostEvents"/>.
/// </param>
public sealed record Recovery(long Events, bool IsComplete);
