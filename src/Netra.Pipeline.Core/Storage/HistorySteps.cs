namespace Netra.Pipeline.Storage;

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
