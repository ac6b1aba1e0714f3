namespace Netra.Pipeline.Events;

/// <summary>The thread of an event outside of any run, and the title that the event gives it.</summary>
/// <param name="ThreadId">The thread.</param>
public sealed record EventThread(string ThreadId)
{
    /// <summary>The title; null when the event gives none.</summary>
    public string? Title { get; init; }

    /// <summary>Whether the title holds only for want of another one: it is the beginning of a message of the user.</summary>
    public bool IsMakeshift { get; init; }
}
