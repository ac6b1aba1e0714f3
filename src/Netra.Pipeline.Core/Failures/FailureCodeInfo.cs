namespace Netra.Pipeline.Failures;

/// <summary>What follows from a failure code.</summary>
/// <param name="Code">The code.</param>
/// <param name="WireName">Its name on the wire, in logs and in metrics: snake_case.</param>
/// <param name="Category">What kind of failure it is.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="LogPrefix">What its log line begins with, for operators' greps, or <see langword="null"/>.</param>
/// <param name="HttpStatus">The status with which HTTP answers it, or <see langword="null"/> when it never answers a request.</param>
/// <param name="ShowToUser">
/// Whether the user it concerns is told: of what the user is missing. Not so for the server's own affairs, whose texts may name other
/// users or the inside of the server, nor for a publisher's own faults.
/// </param>
public sealed record FailureCodeInfo(
    FailureCode Code,
    string WireName,
    FailureCategory Category,
    FailureSeverity Severity,
    string? LogPrefix,
    int? HttpStatus,
    bool ShowToUser);
