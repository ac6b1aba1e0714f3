using Microsoft.Extensions.Diagnostics.HealthChecks;
using Netra.Pipeline.Monitoring.Figures;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>
/// All health checks, judged once a second, and the overall one, which is as bad as the worst of them. <see cref="Judge"/> is called by the tick alone; the verdicts may be read from any thread.
/// </summary>
internal sealed class HealthBoard(IEnumerable<PipelineHealthCheck> checks, ConnectionDrops drops)
{
    /// <summary>The overall check's name.</summary>
    public const string Overall = "system_overall";

    private IReadOnlyList<HealthVerdict> _verdicts = [];

    /// <summary>What the checks said in the last second, the overall one first; empty before the first and while monitoring is off.</summary>
    public IReadOnlyList<HealthVerdict> Verdicts => Volatile.Read(ref _verdicts);

    /// <summary>What a check says; one that has said nothing yet is degraded.</summary>
    public HealthVerdict VerdictOf(string name) => Verdicts.FirstOrDefault(verdict => verdict.Name == name)
        ?? new HealthVerdict(name, HealthStatus.Degraded, "nothing has been measured: the pipeline starts, or its monitoring is switched off", new Dictionary<string, object>(StringComparer.Ordinal));

    /// <summary>Judges a snapshot.</summary>
    /// <returns>Which checks say unhealthy, as readings.</returns>
    public IReadOnlyList<SignalReading> Judge(MonitoringSnapshot snapshot)
    {
        drops.OnTick();
        List<HealthVerdict> verdicts = [.. checks.Select(check => check.Judge(snapshot))];
        var readings = verdicts.Select(static verdict => new SignalReading(Signals.UnhealthyChecks, verdict.Name, verdict.Status == HealthStatus.Unhealthy ? 1 : 0)).ToArray();
        verdicts.Insert(0, JudgeAll(verdicts));
        Volatile.Write(ref _verdicts, verdicts);
        return readings;
    }

    private static HealthVerdict JudgeAll(List<HealthVerdict> verdicts)
    {
        var worst = verdicts.Min(static verdict => verdict.Status);
        var bad = verdicts.Where(static verdict => verdict.Status != HealthStatus.Healthy).Select(static verdict => verdict.Name).ToArray();
        var description = bad.Length == 0 ? "all checks are healthy" : $"not healthy: {string.Join(", ", bad)}";
        return new HealthVerdict(Overall, worst, description, new Dictionary<string, object>(StringComparer.Ordinal) { ["checks"] = verdicts.Count });
    }
}
