using Microsoft.Extensions.Diagnostics.HealthChecks;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>
/// All health checks, judged once a second, and the overall one, which is as bad as the worst of them. <see cref="Judge"/> is called by the tick alone; the verdicts may be read from any thread.
/// </summary>
internal sealed class PipelineHealth(IEnumerable<PipelineHealthCheck> checks, ConnectionDrops drops, ServedTime time)
{
    /// <summary>The overall check's name.</summary>
    public const string Overall = "system_overall";

    // A verdict that nobody renews would stand for ever, and say healthy.
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(30);

    private IReadOnlyList<HealthResult> _verdicts = [];
    private long _judgedAt;

    /// <summary>
    /// What the checks said in the last second, the overall one first; empty before the first and while monitoring is off. Where nothing has been judged for half a minute, the overall one is unhealthy, whatever the others said.
    /// </summary>
    public IReadOnlyList<HealthResult> Verdicts
    {
        get
        {
            var verdicts = Volatile.Read(ref _verdicts);
            return verdicts.Count > 0 && time.GetElapsedTime(Volatile.Read(ref _judgedAt)) is var age && age >= MaxAge ? [Outdated(age), .. verdicts.Skip(1)] : verdicts;
        }
    }

    /// <summary>What a check says; one that has said nothing yet is degraded.</summary>
    public HealthResult VerdictOf(string name) => Verdicts.FirstOrDefault(verdict => verdict.Name == name)
        ?? new HealthResult(name, HealthStatus.Degraded, "nothing has been measured: the pipeline starts, or its monitoring is switched off", new Dictionary<string, object>(StringComparer.Ordinal));

    /// <summary>Judges a snapshot.</summary>
    /// <returns>Which checks say unhealthy, as readings.</returns>
    public IReadOnlyList<SignalReading> Judge(MonitoringSnapshot snapshot)
    {
        drops.OnTick();
        List<HealthResult> verdicts = [.. checks.Select(check => check.Judge(snapshot))];
        var readings = verdicts.Select(static verdict => new SignalReading(Signals.UnhealthyChecks, verdict.Name, verdict.Status == HealthStatus.Unhealthy ? 1 : 0)).ToArray();
        verdicts.Insert(0, JudgeAll(verdicts));
        Volatile.Write(ref _judgedAt, time.GetTimestamp());
        Volatile.Write(ref _verdicts, verdicts);
        return readings;
    }

    private static HealthResult Outdated(TimeSpan age) => new(
        Overall, HealthStatus.Unhealthy, $"nothing has been judged for {age.TotalSeconds:F0} s: the monitor hangs, or its rounds fail", new Dictionary<string, object>(StringComparer.Ordinal) { ["age_s"] = age.TotalSeconds });

    private static HealthResult JudgeAll(List<HealthResult> verdicts)
    {
        var worst = verdicts.Min(static verdict => verdict.Status);
        var bad = verdicts.Where(static verdict => verdict.Status != HealthStatus.Healthy).Select(static verdict => verdict.Name).ToArray();
        var description = bad.Length == 0 ? "all checks are healthy" : $"not healthy: {string.Join(", ", bad)}";
        return new HealthResult(Overall, worst, description, new Dictionary<string, object>(StringComparer.Ordinal) { ["checks"] = verdicts.Count });
    }
}
