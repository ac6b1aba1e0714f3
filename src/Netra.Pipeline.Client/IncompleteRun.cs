namespace Netra.Pipeline.Client;

/// <summary>
/// A run that is over has more events than were handled, though nothing said that one is lost (docs/protocol.md, section 4.4).
/// </summary>
/// <param name="ThreadId">Its thread.</param>
/// <param name="RunId">The run.</param>
/// <param name="Missing">How many are missing.</param>
public sealed record IncompleteRun(string ThreadId, string RunId, long Missing);
