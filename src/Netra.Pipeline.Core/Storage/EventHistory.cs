namespace Netra.Pipeline.Storage;

/// <summary>What is known of an event.</summary>
/// <param name="Buffer">The owner tag and the encoded event; null when it is expired and no dead letter.</param>
/// <param name="Steps">What happened to it, in order of time.</param>
/// <param name="IsComplete">False when older steps were not looked for, or are deleted.</param>
public sealed record EventHistory(byte[]? Buffer, IReadOnlyList<HistoryStep> Steps, bool IsComplete);

/// <summary>The stages of an event's way.</summary>
public enum HistoryStage
{
    /// <summary>It was numbered and handed to the log.</summary>
    Accepted,

    /// <summary>It was committed.</summary>
    Stored,

    /// <summary>It was in a connection's queue, or part of its replay.</summary>
    Queued,

    /// <summary>It was handed to a connection's transport.</summary>
    Written,

    /// <summary>A connection acknowledged it.</summary>
    Acknowledged,

    /// <summary>Retention deleted it.</summary>
    Expired,

    /// <summary>It became a dead letter.</summary>
    DeadLettered,
}

/// <summary>Something that happened to an event.</summary>
/// <param name="Stage">What.</param>
/// <param name="At">When; for what happens on a connection, to the second.</param>
/// <param name="ConnectionId">On which connection, if on one.</param>
public sealed record HistoryStep(HistoryStage Stage, DateTimeOffset At, string? ConnectionId = null);

/// <summary>Finds in the positions of connections what happened to one event. Pure.</summary>
internal static class HistorySteps
{
    /// <summary>Adds for each connection the first time at which it had come as far as the event.</summary>
    /// <param name="progress">The positions, in order of time.</param>
    /// <param name="seq">The event's number.</param>
    /// <param name="steps">Takes the steps.</param>
    public static void AddOf(IEnumerable<ConnectionProgress> progress, long seq, List<HistoryStep> steps)
    {
        var seen = new HashSet<(string ConnectionId, HistoryStage Stage)>();
        foreach (var position in progress)
        {
            if (seq <= position.From)
            {
                continue;
            }

            Add(HistoryStage.Queued, position.Queued, position);
            Add(HistoryStage.Written, position.Written, position);
            Add(HistoryStage.Acknowledged, position.Acknowledged, position);
        }

        void Add(HistoryStage stage, long reached, in ConnectionProgress position)
        {
            if (reached >= seq && seen.Add((position.ConnectionId, stage)))
            {
                steps.Add(new HistoryStep(stage, position.At, position.ConnectionId));
            }
        }
    }
}
