using System.Net;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Connections;

/// <summary>
/// The security audit log: refused connections and requests, events that were stopped on their way to another user, and operators who read
/// or changed a user's data. A category of its own, so that it can be kept apart and longer than the rest. Refusals may come by the
/// thousand, so they are written to a <see cref="PeerLog"/>. Safe from any thread.
/// </summary>
internal sealed partial class SecurityAudit(ILoggerFactory loggers, PeerLog lines)
{
    /// <summary>Its category.</summary>
    public const string Category = "Netra.Pipeline.SecurityAudit";

    private readonly ILogger _logger = loggers.CreateLogger(Category);

    /// <summary>A page was refused for its identity, or for the lack of one.</summary>
    public void HandshakeRefused(EndPoint? remote, HandshakeRefusal refusal)
    {
        if (refusal.IsOfThePeer)
        {
            lines.Write(
                EventIds.HandshakeDenied,
                refusal.Code,
                PeerLog.SourceOf(remote),
                more => Log.HandshakeDenied(_logger, remote, refusal.Status, refusal.Code, refusal.Message, more));
        }
    }

    /// <summary>A request was refused before anybody asked whose it is: for its host, its page, or the proxy it came by.</summary>
    public void StrangerRefused(EndPoint? remote, string method, string? path, HandshakeRefusal refusal)
        => lines.Write(
            EventIds.StrangerDenied,
            refusal.Code,
            PeerLog.SourceOf(remote),
            more => Log.StrangerDenied(_logger, method, path, remote, refusal.Status, refusal.Code, refusal.Message, more));

    /// <summary>A publisher's or an operator's request was refused for its identity.</summary>
    public void RequestRefused(string? who, EndPoint? remote, string method, string? path, int status)
        => lines.Write(
            EventIds.RequestDenied,
            nameof(RequestRefused),
            PeerLog.SourceOf(remote),
            more => Log.RequestDenied(_logger, method, path, status, Shown(who), remote, more));

    /// <summary>An event was refused, since its publisher is not for its user.</summary>
    public void PublishRefused(string? who, string users) => lines.Write(
        EventIds.PublishDenied,
        nameof(PublishRefused),
        who,
        more => Log.PublishDenied(_logger, users, who, more));

    /// <summary>A credential that a page sent on its open connection was not taken.</summary>
    public void CredentialRefused(EndPoint? remote, string userId, string problem)
        => lines.Write(
            EventIds.CredentialDenied,
            nameof(CredentialRefused),
            PeerLog.SourceOf(remote),
            more => Log.CredentialDenied(_logger, userId, remote, problem, more));

    /// <summary>Somebody could not sign in to the pages.</summary>
    public void SignInFailed(EndPoint? remote, string problem) => lines.Write(
        EventIds.SignInFailed,
        nameof(SignInFailed),
        PeerLog.SourceOf(remote),
        more => Log.SignInFailed(_logger, remote, problem, more));

    /// <summary>An API key was made or revoked, in whichever process.</summary>
    public void KeyChanged(string keyId, string name, string change) => Log.KeyChanged(_logger, keyId, name, change);

    /// <summary>The data folder was copied, by another process.</summary>
    public void FolderCopied(string target, DateTimeOffset at) => Log.FolderCopied(_logger, target, at);

    /// <summary>Credentials were revoked.</summary>
    public void Revoked(string? who, string subject) => Log.Revoked(_logger, subject, Shown(who));

    /// <summary>An event was stopped on its way to another user.</summary>
    public void IsolationViolated(string connectionId, string userId, long seq)
        => Log.IsolationViolated(_logger, seq, connectionId, userId);

    /// <summary>An operator has read a user's data.</summary>
    public void OperatorRead(string? who, EndPoint? remote, string operation, string? subject, int status)
        => Log.OperatorRead(_logger, operation, subject, status, Shown(who), remote);

    /// <summary>An operator has changed something, or has tried to.</summary>
    public void OperatorChanged(string? who, EndPoint? remote, string operation, string? subject, int status)
        => Log.OperatorChanged(_logger, operation, subject, status, Shown(who), remote);

    // A caller of a tenant has a key for an id.
    private static string? Shown(string? who) => who is null ? null : UserKey.Show(who);

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.HandshakeDenied,
            LogLevel.Warning,
            "A handshake was refused with {Status} {Code}: {Problem} [from {RemoteEndPoint}]{More}",
            EventName = nameof(EventIds.HandshakeDenied))]
        public static partial void HandshakeDenied(
            ILogger logger, EndPoint? remoteEndPoint, int status, string code, string problem, string more);

        [LoggerMessage(
            EventIds.StrangerDenied,
            LogLevel.Warning,
            "{Method} {Path} was refused with {Status} {Code}: {Problem} [from {RemoteEndPoint}]{More}",
            EventName = nameof(EventIds.StrangerDenied))]
        public static partial void StrangerDenied(
            ILogger logger, string method, string? path, EndPoint? remoteEndPoint, int status, string code, string problem, string more);

        [LoggerMessage(
            EventIds.RequestDenied,
            LogLevel.Warning,
            "{Method} {Path} was refused with {Status} [by {Operator}, from {RemoteEndPoint}]{More}",
            EventName = nameof(EventIds.RequestDenied))]
        public static partial void RequestDenied(
            ILogger logger, string method, string? path, int status, string? @operator, EndPoint? remoteEndPoint, string more);

        [LoggerMessage(
            EventIds.PublishDenied,
            LogLevel.Warning,
            "An event for another user was refused: its publisher is for the users '{Users}' [by {Publisher}]{More}",
            EventName = nameof(EventIds.PublishDenied))]
        public static partial void PublishDenied(ILogger logger, string users, string? publisher, string more);

        [LoggerMessage(
            EventIds.FolderCopied,
            LogLevel.Warning,
            "The data folder was copied to {Target} at {At:O}",
            EventName = nameof(EventIds.FolderCopied))]
        public static partial void FolderCopied(ILogger logger, string target, DateTimeOffset at);

        [LoggerMessage(
            EventIds.CredentialDenied,
            LogLevel.Warning,
            "A new credential for a connection of {UserId} was not taken: {Problem} [from {RemoteEndPoint}]{More}",
            EventName = nameof(EventIds.CredentialDenied))]
        public static partial void CredentialDenied(ILogger logger, string userId, EndPoint? remoteEndPoint, string problem, string more);

        [LoggerMessage(
            EventIds.SignInFailed,
            LogLevel.Warning,
            "Somebody could not sign in: {Problem} [from {RemoteEndPoint}]{More}",
            EventName = nameof(EventIds.SignInFailed))]
        public static partial void SignInFailed(ILogger logger, EndPoint? remoteEndPoint, string problem, string more);

        [LoggerMessage(
            EventIds.ApiKeyChanged,
            LogLevel.Warning,
            "The API key {KeyId} of {Name} {Change}",
            EventName = nameof(EventIds.ApiKeyChanged))]
        public static partial void KeyChanged(ILogger logger, string keyId, string name, string change);

        [LoggerMessage(
            EventIds.CredentialsRevoked,
            LogLevel.Warning,
            "The credentials of {Subject} were revoked [by {Operator}]",
            EventName = nameof(EventIds.CredentialsRevoked))]
        public static partial void Revoked(ILogger logger, string subject, string? @operator);

        [LoggerMessage(
            EventIds.AuditIsolationViolated,
            LogLevel.Critical,
            "Event {Seq} of another user was stopped on its way to connection {ConnectionId} of {UserId}",
            EventName = nameof(EventIds.AuditIsolationViolated))]
        public static partial void IsolationViolated(ILogger logger, long seq, string connectionId, string userId);

        [LoggerMessage(
            EventIds.OperatorRead,
            LogLevel.Information,
            "{Operation} of {Subject} was answered with {Status} [by {Operator}, from {RemoteEndPoint}]",
            EventName = nameof(EventIds.OperatorRead))]
        public static partial void OperatorRead(
            ILogger logger, string operation, string? subject, int status, string? @operator, EndPoint? remoteEndPoint);

        [LoggerMessage(
            EventIds.OperatorChanged,
            LogLevel.Warning,
            "{Operation} of {Subject} was answered with {Status} [by {Operator}, from {RemoteEndPoint}]",
            EventName = nameof(EventIds.OperatorChanged))]
        public static partial void OperatorChanged(
            ILogger logger, string operation, string? subject, int status, string? @operator, EndPoint? remoteEndPoint);
    }
}
