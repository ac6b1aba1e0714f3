namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>What watches the pipeline and acts on what it sees, so that it can hurt what is well.</summary>
internal enum Guard
{
    Tick,
    Ping,
    Stuck,
    Stall,
    Retry,
    Unconfirmed,
    Lease,
    Remediation,
    EmergencyMode,
    Canary,
    Retention,
    ErrorFrames,
    StuckLoops,
    Handles,
    Queues,
    Commands,
    Origin,
    Files,
    Drain,
    Limits,
    Credentials,
    Erasure,
    Output,
}
