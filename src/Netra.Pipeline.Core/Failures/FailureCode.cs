namespace Netra.Pipeline.Failures;

/// <summary>
/// Everything that can fail, as a closed list: the <c>code</c> of error messages, receipts and problem documents (docs/protocol.md, section
/// 8). <see cref="FailureCodes.Describe"/> says what follows from each.
/// </summary>
public enum FailureCode
{
    /// <summary><c>invalid_event</c>: the event is malformed.</summary>
    InvalidEvent,

    /// <summary><c>context_missing</c>: there is no user, thread and run.</summary>
    ContextMissing,

    /// <summary><c>context_invalid</c>: the user, thread or run is not valid.</summary>
    ContextInvalid,

    /// <summary><c>event_too_large</c>: the encoded event exceeds the limit.</summary>
    EventTooLarge,

    /// <summary><c>run_ended</c>: an event after the run's terminal one.</summary>
    RunEnded,

    /// <summary><c>idempotency_conflict</c>: the idempotency key was used for other content.</summary>
    IdempotencyConflict,

    /// <summary><c>buffer_overflow</c>: accepted, but the queue of a connection was full; it will be caught up.</summary>
    BufferOverflow,

    /// <summary><c>overflow_timeout</c>: the emitter asked to wait for room, and none came in time; nothing was numbered.</summary>
    OverflowTimeout,

    /// <summary><c>log_full</c>: the log cannot take more now; nothing was numbered.</summary>
    LogFull,

    /// <summary><c>log_failed</c>: the log has failed.</summary>
    LogFailed,

    /// <summary><c>not_initialized</c>: the pipeline is not ready.</summary>
    NotInitialized,

    /// <summary><c>bridge_unavailable</c>: the pipeline has failed.</summary>
    BridgeUnavailable,

    /// <summary><c>draining</c>: the pipeline is stopping and takes no new runs.</summary>
    Draining,

    /// <summary><c>send_failed</c>: an event could not be sent.</summary>
    SendFailed,

    /// <summary><c>event_dropped</c>: events expired before a device acknowledged them.</summary>
    EventDropped,

    /// <summary><c>connection_lost</c>: a connection that was needed has ended.</summary>
    ConnectionLost,

    /// <summary><c>agent_failed</c>: an agent failed.</summary>
    AgentFailed,

    /// <summary><c>tool_failed</c>: a tool failed.</summary>
    ToolFailed,

    /// <summary><c>agent_communication</c>: one agent's call of another failed.</summary>
    AgentCommunication,

    /// <summary><c>agent_unknown</c>: no agent is registered under that name.</summary>
    AgentUnknown,

    /// <summary><c>tool_unknown</c>: no tool is registered under that name.</summary>
    ToolUnknown,

    /// <summary><c>message_rejected</c>: the handler refused the client's message, or too many wait.</summary>
    MessageRejected,

    /// <summary><c>handler_failed</c>: the handler of client messages failed.</summary>
    HandlerFailed,

    /// <summary><c>handler_missing</c>: there is no handler of client messages.</summary>
    HandlerMissing,

    /// <summary><c>unknown_message</c>: a client message of an unknown type.</summary>
    UnknownMessage,

    /// <summary><c>critical_delivery_failed</c>: a critical event stayed unconfirmed after its last try.</summary>
    CriticalDeliveryFailed,

    /// <summary><c>server_restart</c>: the run was open when the server's process ended, and cannot go on.</summary>
    ServerRestart,

    /// <summary><c>webhook_failed</c>: the webhook for dead letters takes them not.</summary>
    WebhookFailed,

    /// <summary><c>ledger_unaccounted</c>: the ledger does not add up.</summary>
    LedgerUnaccounted,

    /// <summary><c>silent_failure</c>: a page that is there makes no progress.</summary>
    SilentFailure,

    /// <summary><c>isolation_violation</c>: an event nearly reached another user.</summary>
    IsolationViolation,

    /// <summary><c>emergency</c>: an operator's emergency alert.</summary>
    Emergency,

    /// <summary><c>startup_verification</c>: the server's check of itself before it takes traffic failed.</summary>
    StartupVerification,

    /// <summary><c>wiring_invalid</c>: an agent or a tool is registered without what it needs.</summary>
    WiringInvalid,

    /// <summary><c>background_failed</c>: one of the server's own loops failed.</summary>
    BackgroundFailed,

    /// <summary><c>flow_violation</c>: the events of a run came in an order that cannot be right; they were taken.</summary>
    FlowViolation,

    /// <summary><c>run_stalled</c>: a run has said nothing for longer than its lease.</summary>
    RunStalled,

    /// <summary><c>lease_expired</c>: a run said nothing for so long that the server ended it.</summary>
    LeaseExpired,

    /// <summary><c>tool_stuck</c>: a tool runs for longer than tools may.</summary>
    ToolStuck,

    /// <summary><c>emergency_mode</c>: the pipeline takes lifecycle events only; nothing was numbered.</summary>
    EmergencyMode,

    /// <summary><c>canary_failed</c>: the pipeline's check of itself over the public port failed.</summary>
    CanaryFailed,

    /// <summary><c>observer_failed</c>: an observer of the pipeline threw, or is too slow.</summary>
    ObserverFailed,

    /// <summary><c>notification_failed</c>: an alert could not be told to a channel.</summary>
    NotificationFailed,

    /// <summary><c>resource_exhausted</c>: memory, threads or handles run out.</summary>
    ResourceExhausted,

    /// <summary><c>attempt_superseded</c>: the terminal event, or a sign of life, of an attempt when a later one has begun.</summary>
    AttemptSuperseded,

    /// <summary>An answer to what was never asked, or is not kept any more.</summary>
    RequestUnknown,

    /// <summary>An answer to what nobody waits for any more: the run has ended.</summary>
    RequestClosed,

    /// <summary>An answer to what has one.</summary>
    AlreadyAnswered,

    /// <summary>An answer that is not of the kind that was asked for.</summary>
    InvalidAnswer,

    /// <summary><c>command_unknown</c>: an acknowledgement of a command that is not known.</summary>
    CommandUnknown,

    /// <summary><c>command_expired</c>: nobody has taken a command in time.</summary>
    CommandExpired,

    /// <summary><c>forbidden</c>: the caller may not do this, or not for that user.</summary>
    Forbidden,

    /// <summary><c>authentication_failed</c>: a new credential of a connection is not valid.</summary>
    AuthenticationFailed,

    /// <summary><c>authentication_unavailable</c>: credentials cannot be checked now.</summary>
    AuthenticationUnavailable,

    /// <summary><c>rate_limited</c>: more than may come in that time.</summary>
    RateLimited,

    /// <summary><c>too_many_runs</c>: as many runs are open as may be.</summary>
    TooManyRuns,

    /// <summary><c>erasure_under_way</c>: the user is being erased; nothing was numbered.</summary>
    ErasureUnderWay,
}
