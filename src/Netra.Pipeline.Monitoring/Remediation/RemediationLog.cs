using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Monitoring.Remediation;

/// <summary>The latest steps of remediation. Each is logged, and listed by the system's status. Bounded. Safe from any thread.</summary>
internal sealed partial class RemediationLog(ILoggerFactory loggers, TimeProvider time)
{
    // Operators filter log lines by it, so it stays as it is.
    private const string Category = "Netra.Pipeline.Monitoring.Remedies.RemedyLog";
    private const int Kept = 100;

    private readonly ILogger _logger = loggers.CreateLogger(Category);
    private readonly Lock _gate = new();
    private readonly Queue<RemediationStep> _steps = new();

    /// <summary>The steps, newest first.</summary>
    public IReadOnlyList<RemediationStep> Latest
    {
        get
        {
            lock (_gate)
            {
                return [.. _steps.Reverse()];
            }
        }
    }

    public void Add(string remediation, string step, string outcome)
    {
        lock (_gate)
        {
            _steps.Enqueue(new RemediationStep(time.GetUtcNow(), remediation, step, outcome));
            if (_steps.Count > Kept)
            {
                _steps.Dequeue();
            }
        }

        Log.Done(_logger, remediation, step, outcome);
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.RemediationStep, LogLevel.Warning, "Remediation of {Remedy}: {Step}: {Outcome}",
            EventName = nameof(EventIds.RemediationStep))]
        public static partial void Done(ILogger logger, string remedy, string step, string outcome);
    }
}

/// <summary>One step that the pipeline took to repair itself.</summary>
/// <param name="At">When.</param>
/// <param name="Remediation">What was repaired: <c>bridge</c>, <c>connection</c> or <c>emergency_mode</c>.</param>
/// <param name="Step">What was done.</param>
/// <param name="Outcome">What the step led to.</param>
internal sealed record RemediationStep(DateTimeOffset At, string Remediation, string Step, string Outcome);
