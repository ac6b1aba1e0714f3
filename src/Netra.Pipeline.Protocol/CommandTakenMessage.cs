namespace Netra.Pipeline.Protocol;

/// <summary><c>command_taken</c>: the backend has taken what a client message wants of it.</summary>
/// <param name="Id">The client message.</param>
/// <param name="Command">What it wants: <c>cancel_run</c>, <c>answer</c> or <c>chat_message</c>.</param>
/// <param name="CommandId">The command that the message made.</param>
/// <param name="ThreadId">The thread that it is about.</param>
/// <param name="RunId">The run that it is about, if it is about one.</param>
public sealed record CommandTakenMessage(string Id, string Command, string CommandId, string ThreadId, string? RunId = null)
    : ServerMessage;
