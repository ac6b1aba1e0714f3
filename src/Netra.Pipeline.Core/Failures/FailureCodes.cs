using Category = Netra.Pipeline.Failures.FailureCategory;

namespace Netra.Pipeline.Failures;

/// <summary>The one table of what follows from each <see cref="FailureCode"/>.</summary>
public static class FailureCodes
{
    private static readonly FailureCodeInfo[] Infos = [.. Enum.GetValues<FailureCode>().Select(Create)];

    /// <summary>What follows from <paramref name="code"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="code"/> is not a defined value.</exception>
    public static FailureCodeInfo Describe(FailureCode code) => (uint)code < (uint)Infos.Length
        ? Infos[(int)code]
        : throw Unmapped(code);

    /// <summary>The name of <paramref name="code"/> on the wire, such as <c>buffer_overflow</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="code"/> is not a defined value.</exception>
    public static string WireName(FailureCode code) => Describe(code).WireName;

    // Shown is what the user is missing. Not shown: the server's own affairs; what is the publisher's fault, who is told and can mend it;
    // what is not missing, since it comes later (buffer_overflow, for which the
    // page gets a gap) or is to be sent again (draining); and what each page is told once instead of for each event (emergency_mode).
    private static FailureCodeInfo Create(FailureCode code) => code switch
    {
        FailureCode.InvalidEvent => Error(code, "invalid_event", Category.Rejected, 400, show: false),
        FailureCode.ContextMissing => Critical(code, "context_missing", Category.MissingCapability, 400, "MISSING CONTEXT:", show: false),
        FailureCode.ContextInvalid => Error(code, "context_invalid", Category.Rejected, 400, show: false),
        FailureCode.EventTooLarge => Error(code, "event_too_large", Category.Overflow, 413, "BUFFER OVERFLOW:"),
        FailureCode.RunEnded => Error(code, "run_ended", Category.Rejected, 409, show: false),
        FailureCode.AttemptSuperseded => Error(code, "attempt_superseded", Category.Rejected, 409, show: false),
        FailureCode.RequestUnknown => Error(code, "request_unknown", Category.Rejected, 404, show: false),
        FailureCode.RequestClosed => Error(code, "request_closed", Category.Rejected, 409, show: false),
        FailureCode.AlreadyAnswered => Error(code, "already_answered", Category.Rejected, 409, show: false),
        FailureCode.InvalidAnswer => Error(code, "invalid_answer", Category.Rejected, 400, show: false),
        FailureCode.IdempotencyConflict => Error(code, "idempotency_conflict", Category.Rejected, 409, show: false),
        FailureCode.BufferOverflow => Error(code, "buffer_overflow", Category.Overflow, 202, "BUFFER OVERFLOW:", show: false),
        FailureCode.OverflowTimeout => Error(code, "overflow_timeout", Category.Timeout, 503, "BUFFER OVERFLOW:"),
        FailureCode.LogFull => Error(code, "log_full", Category.Overflow, 503),
        FailureCode.LogFailed => Critical(code, "log_failed", Category.Exception, 503),
        FailureCode.NotInitialized => Critical(code, "not_initialized", Category.MissingCapability, 503, "WEBSOCKET UNAVAILABLE:"),
        FailureCode.BridgeUnavailable =>
            Error(code, "bridge_unavailable", Category.MissingCapability, 503, "WEBSOCKET BRIDGE UNAVAILABLE:"),
        FailureCode.Draining => Error(code, "draining", Category.MissingCapability, 503, "WEBSOCKET BRIDGE UNAVAILABLE:", show: false),
        FailureCode.SendFailed => Error(code, "send_failed", Category.Exception, 500),
        FailureCode.EventDropped => Error(code, "event_dropped", Category.Lost),
        FailureCode.ConnectionLost => Error(code, "connection_lost", Category.Lost),
        FailureCode.AgentFailed => Error(code, "agent_failed", Category.Exception),
        FailureCode.ToolFailed => Error(code, "tool_failed", Category.Exception),
        FailureCode.AgentCommunication =>
            Error(code, "agent_communication", Category.Exception, prefix: "AGENT COMMUNICATION FAILURE:"),
        FailureCode.AgentUnknown => Error(code, "agent_unknown", Category.MissingCapability, 404, "AGENT COMMUNICATION FAILURE:"),
        FailureCode.ToolUnknown => Error(code, "tool_unknown", Category.MissingCapability, 404),
        FailureCode.MessageRejected => Error(code, "message_rejected", Category.Rejected),
        FailureCode.HandlerFailed => Error(code, "handler_failed", Category.Exception),
        FailureCode.HandlerMissing => Error(code, "handler_missing", Category.MissingCapability),
        FailureCode.CommandUnknown => Error(code, "command_unknown", Category.Rejected, 404, show: false),
        FailureCode.CommandExpired => Error(code, "command_expired", Category.Timeout, show: false),
        FailureCode.Forbidden => Error(code, "forbidden", Category.Rejected, 403, show: false),
        FailureCode.AuthenticationFailed => Error(code, "authentication_failed", Category.Rejected),
        FailureCode.AuthenticationUnavailable => Error(code, "authentication_unavailable", Category.MissingCapability, 503),
        FailureCode.RateLimited => Error(code, "rate_limited", Category.Rejected, 429, show: false),
        FailureCode.TooManyRuns => Error(code, "too_many_runs", Category.Rejected, 429, show: false),
        FailureCode.ErasureUnderWay => Error(code, "erasure_under_way", Category.Rejected, 409, show: false),
        FailureCode.UnknownMessage => Error(code, "unknown_message", Category.Rejected),
        FailureCode.CriticalDeliveryFailed =>
            Critical(code, "critical_delivery_failed", Category.Timeout, prefix: "CRITICAL EVENT DELIVERY FAILED:"),
        FailureCode.ServerRestart => Error(code, "server_restart", Category.Lost),
        FailureCode.WebhookFailed => Critical(code, "webhook_failed", Category.Exception, show: false),
        FailureCode.LedgerUnaccounted => Critical(code, "ledger_unaccounted", Category.Violation, show: false),
        FailureCode.SilentFailure => Critical(code, "silent_failure", Category.Timeout, prefix: "SILENT FAILURE DETECTED:"),
        FailureCode.IsolationViolation => Critical(code, "isolation_violation", Category.Violation, show: false),
        FailureCode.Emergency => Critical(code, "emergency", Category.Violation, prefix: "EMERGENCY:"),
        FailureCode.StartupVerification => Critical(code, "startup_verification", Category.MissingCapability, show: false),
        FailureCode.WiringInvalid => Critical(code, "wiring_invalid", Category.MissingCapability, show: false),
        FailureCode.BackgroundFailed => Critical(code, "background_failed", Category.Exception, show: false),
        FailureCode.FlowViolation => Error(code, "flow_violation", Category.Violation, show: false),
        FailureCode.RunStalled => Critical(code, "run_stalled", Category.Timeout, prefix: "SILENT FAILURE DETECTED:", show: false),
        FailureCode.LeaseExpired => Error(code, "lease_expired", Category.Timeout),
        FailureCode.ToolStuck => Error(code, "tool_stuck", Category.Timeout, show: false),
        FailureCode.EmergencyMode => Error(code, "emergency_mode", Category.Rejected, 503, show: false),
        FailureCode.CanaryFailed => Critical(code, "canary_failed", Category.Violation, show: false),
        FailureCode.ObserverFailed => Error(code, "observer_failed", Category.Exception, show: false),
        FailureCode.NotificationFailed => Error(code, "notification_failed", Category.Exception, show: false),
        FailureCode.ResourceExhausted => Critical(code, "resource_exhausted", Category.Overflow, show: false),
        _ => throw Unmapped(code),
    };

    private static FailureCodeInfo Error(
        FailureCode code, string wire, Category category, int? http = null, string? prefix = null, bool show = true) =>
        new(code, wire, category, FailureSeverity.Error, prefix, http, show);

    private static FailureCodeInfo Critical(
        FailureCode code, string wire, Category category, int? http = null, string? prefix = null, bool show = true) =>
        new(code, wire, category, FailureSeverity.Critical, prefix, http, show);

    private static ArgumentOutOfRangeException Unmapped(FailureCode code) => new(nameof(code), code, "not a failure code that is mapped");
}

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

/// <summary>What kind of thing went wrong, for grouping.</summary>
public enum FailureCategory
{
    /// <summary>The caller asked for something that is not allowed.</summary>
    Rejected,

    /// <summary>Something that is needed is not there.</summary>
    MissingCapability,

    /// <summary>Something did not happen in time.</summary>
    Timeout,

    /// <summary>Something broke.</summary>
    Exception,

    /// <summary>A limit was reached.</summary>
    Overflow,

    /// <summary>Something is gone.</summary>
    Lost,

    /// <summary>A promise of the system itself was nearly broken.</summary>
    Violation,
}

/// <summary>How bad a failure is: its log level, and the <c>severity</c> of the message that shows it.</summary>
public enum FailureSeverity
{
    /// <summary>One thing failed, and its caller was told. Logged at ERROR.</summary>
    Error,

    /// <summary>An operator must look now. Logged at CRITICAL.</summary>
    Critical,
}
