namespace Netra.Pipeline.Load.Verify;

/// <summary>What a publisher was answered for an event.</summary>
/// <param name="Id">The event's id.</param>
/// <param name="Seq">Its number.</param>
/// <param name="Type">Its type.</param>
internal sealed record Receipt(string Id, long Seq, string Type);
