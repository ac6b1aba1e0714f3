using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Crash;

/// <summary>
/// Holds what clients saw and were promised against what a client that begins anew is given in the end, which is what is stored.
/// </summary>
internal static class CrashVerdict
{
    private const long SkippedPerKill = 1 << 20;

    /// <summary>Judges one user's stream.</summary>
    /// <param name="fresh">The client that began anew and has read to the head.</param>
    /// <param name="readers">The user's other clients; they have read to the head too.</param>
    /// <param name="kills">How often the server ended without a word.</param>
    /// <param name="journal">What everybody saw; it is told what is wrong.</param>
    public static void Judge(ReaderClient fresh, IEnumerable<ReaderClient> readers, int kills, Journal journal)
    {
        var user = fresh.UserId;
        var stored = fresh.Protocol.Handled.ToDictionary(static kept => kept.Seq);
        JudgePromises(user, stored, journal);
        JudgeMarkers(user, fresh.Protocol.Handled, journal);
        JudgeRuns(user, fresh.Protocol.Handled, journal);
        JudgeUnstored(user, stored, fresh.Protocol.Gaps, journal);
        var skipped = fresh.Protocol.Gaps.Where(static gap => !gap.Replay).Sum(static gap => gap.To - gap.From + 1);
        if (skipped > kills * SkippedPerKill)
        {
            journal.Violation(
                $"{skipped} numbers of {user} were skipped, but the server was killed {kills} times, for {SkippedPerKill} each.");
        }

        foreach (var reader in readers.Append(fresh))
        {
            JudgeReader(reader, stored, journal);
        }
    }

    private static void JudgePromises(string user, Dictionary<long, Sighting> stored, Journal journal)
    {
        foreach (var promise in journal.Promises.Where(promise => promise.Event.UserId == user && !stored.ContainsKey(promise.Seq)))
        {
            journal.Violation($"LOST: {promise} was said to be stored, but a full replay of {user} does not have it.");
        }
    }

    // An event that was delivered but not stored may come again under another number, when its publisher tries again;
    // among what is stored each is there once.
    private static void JudgeMarkers(string user, List<Sighting> stored, Journal journal)
    {
        var refusals = journal.Refusals;
        var seqs = new Dictionary<string, long>(StringComparer.Ordinal);
        var lastOfRun = new Dictionary<string, (int Index, long Seq)>(StringComparer.Ordinal);
        foreach (var kept in stored)
        {
            if (kept.Marker is not { } marker)
            {
                continue;
            }

            if (!seqs.TryAdd(marker, kept.Seq))
            {
                journal.Violation($"DOUBLED: {marker} is stored for {user} as number {seqs[marker]} and as number {kept.Seq}.");
            }

            if (refusals.TryGetValue(marker, out var refusal))
            {
                journal.Violation($"{marker} was refused ({refusal}), but is stored for {user} as number {kept.Seq}.");
            }

            var index = int.Parse(marker.AsSpan(marker.LastIndexOf('-') + 1));
            if (lastOfRun.TryGetValue(kept.RunId, out var last) && last.Index > index)
            {
                journal.Violation(
                    $"REORDERED: run {kept.RunId} of {user} has its event {index} as number {kept.Seq} after its event {last.Index} as "
                    + $"number {last.Seq}.");
            }

            lastOfRun[kept.RunId] = (index, kept.Seq);
        }
    }

    // The terminal event says what its run is made of, whatever crashed in the middle of it.
    private static void JudgeRuns(string user, List<Sighting> stored, Journal journal)
    {
        foreach (var run in stored.GroupBy(static kept => (kept.ThreadId, kept.RunId)))
        {
            foreach (var last in run.Where(static kept => EventTypes.TryParse(kept.Type, out var type) && EventTypes.IsTerminal(type)))
            {
                var actual = new RunTotal(run.Count(kept => kept.Seq <= last.Seq), run.Min(static kept => kept.Seq), last.Seq);
                if (last.Total != actual)
                {
                    journal.Violation(
                        $"Number {last.Seq} of {user} ends run {run.Key.RunId} with {last.Total?.ToString() ?? "nothing"}, "
                        + $"but {actual} is stored.");
                }
            }
        }
    }

    // What was seen and is not stored was never promised, and whoever missed it is told that nobody knows.
    private static void JudgeUnstored(string user, Dictionary<long, Sighting> stored, List<GapMessage> gaps, Journal journal)
    {
        foreach (var unstored in journal.Sightings.Where(seen => seen.UserId == user && !stored.ContainsKey(seen.Seq)))
        {
            if (!gaps.Any(gap => gap is { Certain: false, Replay: false } && gap.From <= unstored.Seq && unstored.Seq <= gap.To))
            {
                journal.Violation(
                    $"UNEXPLAINED: {unstored} was delivered, but a full replay neither has it nor says that it may be missing.");
            }
        }
    }

    private static void JudgeReader(ReaderClient reader, Dictionary<long, Sighting> stored, Journal journal)
    {
        var protocol = reader.Protocol;
        var handled = protocol.Handled.Select(static seen => seen.Seq).ToHashSet();
        foreach (var kept in stored.Values.Where(kept => kept.Seq > (protocol.Start ?? long.MaxValue) && !handled.Contains(kept.Seq)))
        {
            var gap = protocol.Gaps.FirstOrDefault(gap => !gap.Replay && gap.From <= kept.Seq && kept.Seq <= gap.To);
            journal.Violation($"MISSED: {reader.Name} never got {kept}, which is stored; it was told {gap?.ToString() ?? "nothing"}.");
        }

        foreach (var (earlier, later) in protocol.Handled.Zip(protocol.Handled.Skip(1))
            .Where(static pair => pair.First.Seq >= pair.Second.Seq))
        {
            journal.Violation($"REORDERED: {reader.Name} handled number {earlier.Seq} before {later.Seq}.");
        }
    }
}
