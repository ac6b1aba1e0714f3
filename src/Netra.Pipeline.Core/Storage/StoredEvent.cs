using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Storage;

/// <summary>One event read back from the log.</summary>
/// <param name="Seq">Its number.</param>
/// <param name="Type">Its type.</param>
/// <param name="Buffer">
/// The owner tag, made from the user that the <em>stored row</em> names, and the encoded event. A log that keeps neither with the row must make the tag anew from the row's user.
/// </param>
public readonly record struct StoredEvent(long Seq, EventType Type, byte[] Buffer);
