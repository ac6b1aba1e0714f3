namespace Netra.Pipeline.Diagnostics;

/// <summary>
/// Every log event id of the product, in one list, so that operators can filter by number. An id is never reused; a removed event leaves a
/// gap. Each area has a hundred of its own. A test proves that ids are unique.
/// </summary>
internal static class EventIds
{
    // 1000–1099 Failures

    /// <summary>A failure whose code has no prefix for operators' greps.</summary>
    public const int FailureReported = 1000;

    /// <summary>A failure whose line begins with the prefix of its code.</summary>
    public const int PrefixedFailureReported = 1001;

    /// <summary>A failure was reported, but one step of reporting it failed.</summary>
    public const int FailureReportingFailed = 1002;

    // 1100–1199 Connections

    /// <summary>A connection has ended, with its reason.</summary>
    public const int ConnectionEnded = 1100;

    /// <summary>A page answers no application ping.</summary>
    public const int ConnectionFrozen = 1101;

    /// <summary>Looking after one connection failed.</summary>
    public const int ConnectionTickFailed = 1102;

    /// <summary>A connection is open.</summary>
    public const int ConnectionOpened = 1103;

    /// <summary>A handshake met a fault of the server.</summary>
    public const int HandshakeFailed = 1104;

    /// <summary>An authenticator that was not waited for any more has failed.</summary>
    public const int AuthenticatorFailedLate = 1105;

    /// <summary>The process did not run for a while.</summary>
    public const int ProcessStoodStill = 1106;

    /// <summary>A connection is read more slowly, since it sends too much.</summary>
    public const int ReadDelayed = 1107;

    // 1200–1299 Streams and Log

    /// <summary>The log is open.</summary>
    public const int LogOpened = 1200;

    /// <summary>What could not be stored for a while is stored now.</summary>
    public const int LogTroubleOver = 1201;

    /// <summary>An owner of a stream threw when it was told something, though it must not.</summary>
    public const int StreamOwnerFailed = 1202;

    /// <summary>The log's database was missing beside files that were not.</summary>
    public const int LogBeginsAnew = 1203;

    // 1300–1399 WebSockets

    /// <summary>A handshake is refused.</summary>
    public const int HandshakeRefused = 1300;

    /// <summary>How many connections are taken.</summary>
    public const int SocketLimit = 1301;

    /// <summary>Connections were closed without an answer, since there were too many.</summary>
    public const int SocketsRefused = 1302;

    /// <summary>No file handle is free, so no connection is accepted.</summary>
    public const int HandlesExhausted = 1303;

    /// <summary>File handles are free again.</summary>
    public const int HandlesFree = 1304;

    /// <summary>A connection does not begin as the PROXY protocol demands, or comes from no proxy.</summary>
    public const int ProxyLineRefused = 1310;

    // 1400–1499 Agents

    /// <summary>A run has begun.</summary>
    public const int RunStarted = 1400;

    /// <summary>A run has ended: completed, cancelled or failed.</summary>
    public const int RunEnded = 1401;

    /// <summary>All agents and tools have what they need.</summary>
    public const int WiringVerified = 1402;

    // 1500–1599 Hosting

    /// <summary>The server runs without authentication.</summary>
    public const int DevelopmentMode = 1500;

    /// <summary>The pipeline serves.</summary>
    public const int PipelineReady = 1501;

    /// <summary>Open runs are cancelled, since the host stops.</summary>
    public const int CancellingRuns = 1502;

    /// <summary>Runs and connections have ended, and what they had not confirmed is stored.</summary>
    public const int PipelineDrained = 1503;

    /// <summary>The startup verification has passed.</summary>
    public const int VerificationPassed = 1504;

    /// <summary>Connections whose requests did not end are cut, since the host stops.</summary>
    public const int RequestsCut = 1505;

    /// <summary>A background loop did not end; the host stops without it.</summary>
    public const int LoopsLeft = 1506;

    /// <summary>An operator has the pages leave the server.</summary>
    public const int DrainBegun = 1507;

    /// <summary>The pages may stay.</summary>
    public const int DrainTakenBack = 1508;

    /// <summary>Another process holds the data folder, and this one waits for it.</summary>
    public const int FolderAwaited = 1509;

    /// <summary>The data folder is taken over.</summary>
    public const int FolderTaken = 1510;

    /// <summary>The process that waits for the folder does not listen in time.</summary>
    public const int SuccessorSilent = 1511;

    /// <summary>The server stops, since another process waits for its folder.</summary>
    public const int HandingOver = 1512;

    /// <summary>Runs and connections have ended, and the log cannot store what they had not confirmed.</summary>
    public const int PipelineDrainedInTrouble = 1513;

    /// <summary>A user was erased.</summary>
    public const int UserErased = 1520;

    // 1600–1699 Http

    /// <summary>The host has no publisher authentication, so no request may publish or read events over HTTP.</summary>
    public const int PublishUnprotected = 1600;

    /// <summary>A request to publish events ended in the middle.</summary>
    public const int PublishBroken = 1601;

    // 1700–1799 the standalone server: Netra.Pipeline.Server.Telemetry.ServerEventIds, since it uses nothing internal

    // 1800–1899 Delivery

    /// <summary>A critical event is sent again, since no device has confirmed it.</summary>
    public const int CriticalSentAgain = 1800;

    // 1900–1999 Monitoring

    /// <summary>Only lifecycle events are taken from now on.</summary>
    public const int EmergencyModeEntered = 1900;

    /// <summary>All events are taken again.</summary>
    public const int EmergencyModeLeft = 1901;

    /// <summary>A step of remediation, and what came of it.</summary>
    public const int RemediationStep = 1902;

    /// <summary>The canary passes again after it had failed.</summary>
    public const int CanaryRecovered = 1903;

    /// <summary>Monitoring is switched off.</summary>
    public const int MonitoringDisabled = 1904;

    /// <summary>A canary failed for what the server's own trouble explains.</summary>
    public const int CanaryExcused = 1905;

    // 2000–2099 Alerting

    /// <summary>An alert, as the channel <c>log</c> tells it.</summary>
    public const int AlertNotified = 2000;

    /// <summary>No rule is evaluated, since the configuration says so.</summary>
    public const int AlertingDisabled = 2001;

    // 2100–2199 Telemetry and audit

    /// <summary>Somebody changed or read something.</summary>
    public const int OperatorAudited = 2105;
    /// <summary>A handshake was refused: the connection's user is unknown or not allowed.</summary>
    public const int HandshakeDenied = 2100;

    /// <summary>A request was refused: its caller is unknown or not allowed.</summary>
    public const int RequestDenied = 2101;

    /// <summary>A request was refused for its host, its page, or the proxy it came by.</summary>
    public const int StrangerDenied = 2110;

    /// <summary>An event was stopped on its way to another user.</summary>
    public const int AuditIsolationViolated = 2102;

    /// <summary>An operator has looked at a user's data.</summary>
    public const int OperatorRead = 2103;

    /// <summary>An operator has changed something, or has tried to.</summary>
    public const int OperatorChanged = 2104;

    /// <summary>A new credential of an open connection was not taken.</summary>
    public const int CredentialDenied = 2106;

    /// <summary>A new credential of an open connection could not be checked.</summary>
    public const int ReauthenticationFailed = 2107;

    /// <summary>The keys that tokens are checked with cannot be asked for.</summary>
    public const int TokenKeysUnavailable = 2108;

    /// <summary>API keys were made or revoked.</summary>
    public const int ApiKeyChanged = 2109;

    /// <summary>Somebody could not sign in to the pages.</summary>
    public const int SignInFailed = 2111;

    /// <summary>Credentials were revoked.</summary>
    public const int CredentialsRevoked = 2112;

    /// <summary>An event was refused, since its publisher is not for its user.</summary>
    public const int PublishDenied = 2113;

    /// <summary>The data folder was copied.</summary>
    public const int FolderCopied = 2114;

    /// <summary>A lifecycle event is accepted: it has its number.</summary>
    public const int CheckpointAccepted = 2150;

    /// <summary>A lifecycle event is in the queues of the connections that are there.</summary>
    public const int CheckpointQueued = 2151;

    /// <summary>A lifecycle event is stored.</summary>
    public const int CheckpointStored = 2152;

    /// <summary>A lifecycle event is handed to a transport.</summary>
    public const int CheckpointWritten = 2153;

    /// <summary>A lifecycle event is acknowledged.</summary>
    public const int CheckpointAcknowledged = 2154;

    /// <summary>A lifecycle event has not come to the next point.</summary>
    public const int CheckpointNotReached = 2155;
}
