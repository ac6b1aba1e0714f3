namespace Netra.Pipeline.Monitoring.Remediation;

/// <summary>Something the pipeline did to help itself.</summary>
/// <param name="At">When.</param>
/// <param name="Remedy">What kind of help: <c>bridge</c>, <c>connection</c> or <c>emergency_mode</c>.</param>
/// <param name="Step">What was done.</param>
/// <param name="Outcome">What came of it.</param>
internal sealed record RemedyStep(DateTimeOffset At, string Remedy, string Step, string Outcome);
