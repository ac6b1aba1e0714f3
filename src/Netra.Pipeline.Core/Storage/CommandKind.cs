namespace Netra.Pipeline.Storage;

/// <summary>What a page wants of the backend.</summary>
public enum CommandKind
{
    /// <summary><c>cancel_run</c>: that a run ends.</summary>
    CancelRun,

    /// <summary><c>answer</c>: that it gets the answer to what it asked.</summary>
    Answer,

    /// <summary><c>chat_message</c>: that it does something with a message of the user.</summary>
    ChatMessage,
}

/// <summary>The commands' names on the wire, in metrics and in texts.</summary>
internal static class CommandKinds
{
    public static string WireName(CommandKind kind) => kind switch
    {
        CommandKind.CancelRun => "cancel_run",
        CommandKind.Answer => "answer",
        CommandKind.ChatMessage => "chat_message",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of command"),
    };
}
