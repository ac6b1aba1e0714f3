namespace Netra.Pipeline.Load.Checks;

/// <summary>An event as a page has got it.</summary>
/// <param name="Place">Its place among the user's, from its text.</param>
/// <param name="Seq">Its number.</param>
/// <param name="Id">A hash of its id.</param>
/// <param name="Due">When it was due, from its text.</param>
internal readonly record struct DeliveredEvent(long Place, long Seq, int Id, long Due);
