using Microsoft.Extensions.Logging;

namespace Netra.Pipeline.Client.Publishing;

/// <summary>What a publisher logs. No line has a credential, or what events say, in it.</summary>
internal sealed partial class PublisherLog(ILogger logger)
{
    [LoggerMessage(
        ClientEventIds.PublisherConnected,
        LogLevel.Information,
        "Publishing to {Address}; {Waiting} events wait",
        EventName = nameof(ClientEventIds.PublisherConnected))]
    public partial void Connected(Uri address, int waiting);

    [LoggerMessage(
        ClientEventIds.PublisherReconnecting,
        LogLevel.Warning,
        "Not publishing: {Reason}; connecting again in {Pause}, {Waiting} events wait",
        EventName = nameof(ClientEventIds.PublisherReconnecting))]
    public partial void Reconnecting(Exception? exception, string reason, TimeSpan pause, int waiting);

    [LoggerMessage(
        ClientEventIds.PublisherFailed,
        LogLevel.Error,
        "Publishing has ended for good ({Failure}): {Reason}; {Waiting} events have no receipt",
        EventName = nameof(ClientEventIds.PublisherFailed))]
    public partial void Failed(Exception? exception, PublisherFailure failure, string reason, int waiting);

    [LoggerMessage(
        ClientEventIds.EventRejected,
        LogLevel.Error,
        "An event was refused, {Type} of run {RunId} of thread {ThreadId}: {Code}, {Message}",
        EventName = nameof(ClientEventIds.EventRejected))]
    public partial void Rejected(string type, string? runId, string threadId, string code, string message);

    [LoggerMessage(
        ClientEventIds.EventPostponed,
        LogLevel.Warning,
        "Events are refused for the time being, and sent again in {Pause}: {Code}, {Message}",
        EventName = nameof(ClientEventIds.EventPostponed))]
    public partial void Postponed(string code, string message, TimeSpan pause);

    [LoggerMessage(
        ClientEventIds.CommandFailed,
        LogLevel.Error,
        "The handler of commands has failed; {CommandId} comes again",
        EventName = nameof(ClientEventIds.CommandFailed))]
    public partial void CommandFailed(Exception exception, string commandId);

    [LoggerMessage(
        ClientEventIds.CommandNotTaken,
        LogLevel.Warning,
        "Nobody here takes command {CommandId} ({Kind}): there is no handler, and no run that waits for it",
        EventName = nameof(ClientEventIds.CommandNotTaken))]
    public partial void CommandNotTaken(string commandId, string kind);
}
