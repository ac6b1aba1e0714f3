namespace Netra.Pipeline.Storage;

/// <summary>
/// What pages want of backends, kept until one has taken it, and for a while longer, so that whoever asks again is answered the same. May
/// be called in parallel; every change is durable when it completes. Commands that come with an event are added by
/// <see cref="IEventLog.TryAppend"/>.
/// </summary>
public interface ICommandStore
{
    /// <summary>Adds a command that comes with no event. One of that id that is there already stays as it is.</summary>
    /// <param name="commandId">Its id.</param>
    /// <param name="command">The command.</param>
    /// <param name="cancellationToken">Cancels waiting; it may be added all the same.</param>
    ValueTask AddAsync(string commandId, NewCommand command, CancellationToken cancellationToken);

    /// <summary>The untaken commands of publishers, in the order in which they came.</summary>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask<IReadOnlyList<StoredCommand>> ReadUntakenAsync(CancellationToken cancellationToken);

    /// <summary>A command; null when there is none of that id (any more).</summary>
    /// <param name="commandId">Its id.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask<StoredCommand?> FindAsync(string commandId, CancellationToken cancellationToken);

    /// <summary>Says that a backend has taken a command. Its members are not kept from here on.</summary>
    /// <param name="commandId">Its id.</param>
    /// <param name="startedRunId">The run that was started by it, if that is known.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>Whether it was untaken; otherwise nothing has changed.</returns>
    ValueTask<bool> TryTakeAsync(string commandId, string? startedRunId, CancellationToken cancellationToken);

    /// <summary>Makes a command untaken that nobody took in time, or hands an untaken one to somebody else.</summary>
    /// <param name="commandId">Its id.</param>
    /// <param name="publisher">Whose it is from now on; null for the handler in the process.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>Whether it is untaken now: not when it was taken, or is not there.</returns>
    ValueTask<bool> TryRenewAsync(string commandId, string? publisher, CancellationToken cancellationToken);

    /// <summary>Deletes untaken commands that have become pointless.</summary>
    /// <param name="commandIds">Their ids; those that are not there, or were taken, are passed over.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask WithdrawAsync(IReadOnlyList<string> commandIds, CancellationToken cancellationToken);

    /// <summary>Deletes commands whose time is over, measured by the log's own clock.</summary>
    /// <param name="settled">For how long one that was taken or has expired is kept.</param>
    /// <param name="messages">For how long a <see cref="CommandKind.ChatMessage"/> is kept, unless it waits for a publisher.</param>
    /// <param name="cancellationToken">Cancels between two deletions.</param>
    ValueTask ForgetAsync(TimeSpan settled, TimeSpan messages, CancellationToken cancellationToken);

    /// <summary>Remembers that a publisher wants the messages of pages, as the latest who does.</summary>
    /// <param name="publisher">The publisher.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask SubscribeAsync(string publisher, CancellationToken cancellationToken);

    /// <summary>Forgets that a publisher wants the messages of pages.</summary>
    /// <param name="publisher">The publisher.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask UnsubscribeAsync(string publisher, CancellationToken cancellationToken);

    /// <summary>The publishers that want the messages of pages, the latest last.</summary>
    /// <param name="cancellationToken">Cancels waiting.</param>
    ValueTask<IReadOnlyList<string>> ReadSubscribersAsync(CancellationToken cancellationToken);
}
