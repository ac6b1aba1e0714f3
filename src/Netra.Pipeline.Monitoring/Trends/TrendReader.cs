using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Monitoring.Trends;

/// <summary>Makes of each second a sample for the rings. Called by the tick alone; <see cref="Latest"/> is safe from any thread.</summary>
internal sealed class TrendReader(
    TrendRings rings,
    ConnectionRegistry connections,
    StreamRegistry streams,
    RunRegistry runs,
    BufferBudget buffers,
    FailureCounts failures,
    ResourceTrend resources,
    ProcessorTime processor,
    TimeProvider time)
{
    // Kept from second to second: with ten thousand users, a new one each time would be most of what monitoring allocates.
    private readonly HashSet<string> _users = new(StringComparer.Ordinal);
    private StreamAccount? _account;
    private CountsSoFar _counts;
    private TimeSpan _processor = processor();
    private long _at = time.GetTimestamp();
    private TrendSample? _latest;

    /// <summary>The sample of the last second; null before the first.</summary>
    public TrendSample? Latest => Volatile.Read(ref _latest);

    public void OnTick(MonitoringSnapshot snapshot)
    {
        var sample = Read(snapshot);
        Volatile.Write(ref _latest, sample);
        rings.Add(sample);
    }

    private TrendSample Read(MonitoringSnapshot snapshot)
    {
        var (before, now) = (_account ?? snapshot.Account, snapshot.Account);
        var (countsBefore, counts) = (_counts, ReadCounts());
        (_account, _counts) = (now, counts);
        var (open, queued) = ReadConnections();
        return new TrendSample(snapshot.NewDelivery)
        {
            // Streams that come and go shift the totals by whole accounts.
            [TrendMeasure.Accepted] = Math.Max(0, now.Accepted - before.Accepted),
            [TrendMeasure.Acknowledged] = Math.Max(0, now.Acknowledged - before.Acknowledged),
            [TrendMeasure.Expired] = Math.Max(0, now.Expired - before.Expired),
            [TrendMeasure.DeadLettered] = Math.Max(0, now.DeadLettered - before.DeadLettered),
            [TrendMeasure.Delivered] = snapshot.NewDelivery.Count,
            [TrendMeasure.Failures] = counts.Failures - countsBefore.Failures,
            [TrendMeasure.SilentFailures] = counts.Silent - countsBefore.Silent,
            [TrendMeasure.SlowConsumers] = counts.SlowConsumers - countsBefore.SlowConsumers,
            [TrendMeasure.SuccessRate] = snapshot[Signals.SuccessRate],
            [TrendMeasure.Connections] = open,
            [TrendMeasure.Users] = _users.Count,
            [TrendMeasure.OpenRuns] = runs.OpenCount,
            [TrendMeasure.WaitingRuns] = snapshot.Waiting.Runs,
            [TrendMeasure.OverdueAnswers] = snapshot[Signals.OverdueAnswers],
            [TrendMeasure.Pending] = now.Pending,
            [TrendMeasure.QueuedFrames] = queued,
            [TrendMeasure.BufferBytes] = buffers.Used,
            [TrendMeasure.MemoryBytes] = resources.Latest.WorkingSetBytes,
            [TrendMeasure.CpuCores] = ReadCores(),
        };
    }

    private (int Open, long Queued) ReadConnections()
    {
        var (open, queued) = (0, 0L);
        _users.Clear();
        foreach (var connection in connections.All)
        {
            if (!IdentifierRules.IsReserved(connection.UserKey))
            {
                open++;
                queued += connection.Queue.Count;
                _users.Add(connection.UserKey);
            }
        }

        return (open, queued);
    }

    private CountsSoFar ReadCounts()
    {
        var (all, silent) = (0L, 0L);
        foreach (var code in Enum.GetValues<FailureCode>())
        {
            var total = failures[code].Total;
            all += total;
            silent += SilentFailureKinds.Of(code) is null ? 0 : total;
        }

        return new CountsSoFar(all, silent, streams.Counters.SlowConsumers);
    }

    private double ReadCores()
    {
        var (now, at) = (processor(), time.GetTimestamp());
        var elapsed = time.GetElapsedTime(_at, at);
        var used = now - _processor;
        (_processor, _at) = (now, at);
        return elapsed > TimeSpan.Zero ? used / elapsed : 0;
    }

    private readonly record struct CountsSoFar(long Failures, long Silent, long SlowConsumers);
}

/// <summary>Reads how much processor time the process has used. A service of its own, so that tests can have some.</summary>
internal delegate TimeSpan ProcessorTime();
