namespace Netra.Pipeline.Storage;

/// <summary>What an event changes among the commands, stored in the event's transaction.</summary>
public abstract record CommandChange
{
    private protected CommandChange()
    {
    }
}

/// <summary>A command on its way into the log. With an event its id is the event's.</summary>
/// <param name="Kind">What is wanted.</param>
/// <param name="UserId">Who wants it.</param>
/// <param name="ThreadId">In which thread.</param>
/// <param name="Members">
/// One JSON object in UTF-8: what a backend is told beside <c>command</c> and <c>command_id</c>. Never changed, so that it is told the same
/// each time.
/// </param>
public sealed record NewCommand(CommandKind Kind, string UserId, string ThreadId, ReadOnlyMemory<byte> Members) : CommandChange
{
    /// <summary>Whose command it is; null for one of the handler in the process, and empty for those who are not authenticated.</summary>
    public string? Publisher { get; init; }

    /// <summary>The run that it is about; null for none.</summary>
    public string? RunId { get; init; }

    /// <summary>The client message that made it; null when none did.</summary>
    public string? MessageId { get; init; }

    /// <summary>The request that it answers; null for none.</summary>
    public string? RequestId { get; init; }
}

/// <summary>The event says that nobody has taken a command in time: from here on it is untaken no more.</summary>
/// <param name="CommandId">The command.</param>
public sealed record ExpiredCommand(string CommandId) : CommandChange;

/// <summary>A command that the log keeps.</summary>
/// <param name="CommandId">Its id: the same each time that it is told.</param>
/// <param name="Command">What it is.</param>
/// <param name="State">What became of it.</param>
public sealed record StoredCommand(string CommandId, NewCommand Command, CommandState State)
{
    /// <summary>The run that was started by it, where the handler in the process has taken it and said so.</summary>
    public string? StartedRunId { get; init; }
}

/// <summary>What became of a command. One that is withdrawn is not kept.</summary>
public enum CommandState
{
    /// <summary>No backend has taken it.</summary>
    Untaken,

    /// <summary>A backend has taken it.</summary>
    Taken,

    /// <summary>Nobody took it in time, and its user was told.</summary>
    Expired,
}
