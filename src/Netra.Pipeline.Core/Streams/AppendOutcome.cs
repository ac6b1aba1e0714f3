using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Streams;

/// <summary>The result of appending one event to its stream.</summary>
/// <param name="Kind">Whether it was accepted, or why not.</param>
/// <param name="Seq">
/// Its number; 0 when it was not accepted. For <see cref="AppendKind.RunEnded"/> the number of the run's terminal event.
/// </param>
/// <param name="Connected">How many connections with a page present have it in their queue, or will read it.</param>
/// <param name="Lagging">How many connections with a page present lag, so that they get it later.</param>
/// <param name="Overflowed">The connections that turned from live to lagging with this event; null when there are none.</param>
internal readonly record struct AppendOutcome(AppendKind Kind, long Seq, int Connected, int Lagging, List<OverflowedConnection>? Overflowed)
{
    /// <summary>What the log threw; only with <see cref="AppendKind.LogFailed"/>.</summary>
    public Exception? Fault { get; init; }

    /// <summary>Where it stands among its run's attempts.</summary>
    public AttemptPlace Place { get; init; }

    /// <summary>The run's attempt, where the event belongs to another one.</summary>
    public int Attempt { get; init; }

    /// <summary>Whether it is the first late event since the run's attempt began.</summary>
    public bool IsFirstLate { get; init; }

    /// <summary>What it asks or answers; null for nothing.</summary>
    public QuestionOutcome? Question { get; init; }

    /// <summary>The event's status, for its receipt.</summary>
    public EventStatus Status => Lagging > 0 ? EventStatus.Lagging : Connected > 0 ? EventStatus.Queued : EventStatus.Pending;

    public static AppendOutcome Refused(AppendKind kind, Exception? fault = null) => new(kind, 0, 0, 0, null) { Fault = fault };
}

/// <summary>Whether a stream accepted an event, or why not.</summary>
internal enum AppendKind
{
    /// <summary>Numbered and handed to the log.</summary>
    Accepted,

    /// <summary>The log takes no more at the moment; nothing was numbered.</summary>
    LogFull,

    /// <summary>The log has failed; nothing was numbered.</summary>
    LogFailed,

    /// <summary>The run has had its terminal event; nothing was numbered.</summary>
    RunEnded,

    /// <summary>The pipeline has stopped and the stream is given back; nothing was numbered.</summary>
    Stopped,

    /// <summary>The user was erased, and the stream with it; nothing was numbered.</summary>
    Erased,

    /// <summary>Room in every queue was asked for and there is none; nothing was numbered.</summary>
    NoRoom,

    /// <summary>It would end an attempt that a later one has superseded; nothing was numbered.</summary>
    AttemptSuperseded,

    /// <summary>It asks what is asked already, or answers what cannot be answered; nothing was numbered.</summary>
    Question,

    /// <summary>It belongs to an attempt that has not begun; nothing was numbered.</summary>
    AttemptUnknown,
}

/// <summary>Where an event stands among the attempts of its run.</summary>
internal enum AttemptPlace
{
    /// <summary>It belongs to the present one, or to no run.</summary>
    Present,

    /// <summary>It begins the next one.</summary>
    Begins,

    /// <summary>It belongs to an earlier one: it counts nowhere.</summary>
    Late,

    /// <summary>It belongs to one that has not begun.</summary>
    Unknown,
}
