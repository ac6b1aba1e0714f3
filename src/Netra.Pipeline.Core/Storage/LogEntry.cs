using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Storage;

/// <summary>One event on its way into the log.</summary>
/// <param name="Seq">Its number.</param>
/// <param name="Type">Its type; critical ones are to be stored sooner.</param>
/// <param name="AcceptedAt">When it was accepted.</param>
/// <param name="Buffer">
/// The owner tag (8 bytes, see <see cref="Events.OwnerTag"/>) and the encoded event. The array belongs to the event, is never changed and
/// never reused, so the log may keep it.
/// </param>
public readonly record struct LogEntry(long Seq, EventType Type, DateTimeOffset AcceptedAt, byte[] Buffer)
{
    /// <summary>
    /// The run that it counts in; null for an event that counts in none, such as a dead letter sent again, or a late one of an earlier
    /// attempt.
    /// </summary>
    public LogRun? Run { get; init; }

    /// <summary>The thread of an event that counts in no run; null for an event of a run, whose thread is the run's.</summary>
    public EventThread? Thread { get; init; }

    /// <summary>
    /// The attempt of the run that it counts in. One that is higher than the run's begins the next attempt: the run's count and its first
    /// number begin anew with it, in the event's transaction.
    /// </summary>
    public int Attempt { get; init; }

    /// <summary>
    /// What the event says of its run as a whole, to be stored with the run in the event's transaction; null when it says nothing.
    /// </summary>
    public RunDeclaration? Declared { get; init; }

    /// <summary>Who publishes it from outside of the process, to be found again as its run's publisher; null for an event of the process.
    /// </summary>
    public string? Publisher { get; init; }

    /// <summary>What it changes among the commands, in its transaction; null for nothing.</summary>
    public CommandChange? Command { get; init; }

    /// <summary>
    /// What the run has asked, as it stands after the event, to be stored with the run in the event's transaction; null where the event
    /// neither asks nor answers.
    /// </summary>
    public LogQuestion? Question { get; init; }

    /// <summary>
    /// The key under which its publisher may ask for its receipt again; null for none. It is stored in the event's transaction.
    /// </summary>
    public PublishKey? Key { get; init; }

    /// <summary>Whether a publisher waits for it to be stored, so that it is to be stored as soon as a critical one.</summary>
    public bool IsUrgent { get; init; }

    /// <summary>
    /// Whether room is kept for it (<see cref="IEventLog.WaitForRoomAsync"/>), so that it need not stand behind those that wait.
    /// </summary>
    public bool HasRoom { get; init; }
}

/// <summary>What became of <see cref="IEventLog.TryAppend"/>.</summary>
public enum AppendResult
{
    /// <summary>The event is taken and will be stored.</summary>
    Taken,

    /// <summary>The log cannot take more at the moment; the event must not be numbered.</summary>
    Full,

    /// <summary>The log has failed and takes nothing until it recovers; the event must not be numbered.</summary>
    Failed,
}
