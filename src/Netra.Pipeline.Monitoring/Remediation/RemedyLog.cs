using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Monitoring.Remediation;

/// <summary>The latest steps of remediation: each is logged, and shown by the status. Bounded. Safe from any thread.</summary>
internal sealed partial class RemedyLog(ILogger<RemedyLog> logger, TimeProvider time)
{
    private const int Kept = 100;

    private readonly Lock _gate = new();
    private readonly Queue<RemedyStep> _steps = new();

    /// <summary>The steps, newest first.</summary>
    public IReadOnlyList<RemedyStep> Latest
    {
        get
        {
            lock (_gate)
            {
                return [.. _steps.Reverse()];
            }
        }
    }

    public void Add(string remedy, string step, string outcome)
    {
        lock (_gate)
        {
            _steps.Enqueue(new RemedyStep(time.GetUtcNow(), remedy, step, outcome));
            if (_steps.Count > Kept)
            {
                _steps.Dequeue();
            }
        }

        Log.Done(logger, remedy, step, outcome);
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.RemediationStep, LogLevel.Warning, "Remediation of {Remedy}: {Step}: {Outcome}", EventName = nameof(EventIds.RemediationStep))]
        public static partial void Done(ILogger logger, string remedy, string step, string outcome);
    }
}
