namespace Netra.Pipeline.Commands;

/// <summary>
/// Whom it is told that a backend has taken a command: the pages of its user. It is handed to the commands, which know nothing of
/// connections.
/// </summary>
internal abstract class CommandAudience
{
    /// <summary>Tells each page of a user that is there and has room. It neither waits nor throws.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="message">The message.</param>
    public abstract void Tell(string userId, byte[] message);
}
