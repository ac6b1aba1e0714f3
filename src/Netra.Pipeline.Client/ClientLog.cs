using Microsoft.Extensions.Logging;

namespace Netra.Pipeline.Client;

/// <summary>What an event client logs. No line has a credential in it.</summary>
internal sealed partial class ClientLog(ILogger logger)
{
    [LoggerMessage(
        ClientEventIds.Connected,
        LogLevel.Information,
        "Connected to {Address} as {ConnectionId}, from {Position} of {Head}, resumed: {Resumed}",
        EventName = nameof(ClientEventIds.Connected))]
    public partial void Connected(Uri address, string connectionId, long position, long head, bool resumed);

    [LoggerMessage(
        ClientEventIds.Reconnecting,
        LogLevel.Warning,
        "Not connected: {Reason}; connecting again in {Pause}, after {Tries} tries",
        EventName = nameof(ClientEventIds.Reconnecting))]
    public partial void Reconnecting(Exception? exception, string reason, TimeSpan pause, int tries);

    [LoggerMessage(
        ClientEventIds.Failed,
        LogLevel.Error,
        "Reading has ended for good ({Failure}): {Reason}",
        EventName = nameof(ClientEventIds.Failed))]
    public partial void Failed(Exception? exception, EventClientFailure failure, string reason);

    [LoggerMessage(
        ClientEventIds.EventsLost,
        LogLevel.Warning,
        "Events {From} to {To} will not come ({Cause}, certain: {Certain})",
        EventName = nameof(ClientEventIds.EventsLost))]
    public partial void EventsLost(long from, long to, string cause, bool certain);

    [LoggerMessage(
        ClientEventIds.HistoryReset,
        LogLevel.Warning,
        "The server has another history: what was handled before is of the past",
        EventName = nameof(ClientEventIds.HistoryReset))]
    public partial void HistoryReset();

    [LoggerMessage(
        ClientEventIds.Behind,
        LogLevel.Warning,
        "{Waiting} events wait for the application (InboxEvents, InboxBytes) and it hardly moves; what comes is left to the server",
        EventName = nameof(ClientEventIds.Behind))]
    public partial void Behind(int waiting);

    [LoggerMessage(
        ClientEventIds.ServerFault,
        LogLevel.Error,
        "The server has sent what it should not have: {Problem}",
        EventName = nameof(ClientEventIds.ServerFault))]
    public partial void ServerFault(string problem);

    [LoggerMessage(
        ClientEventIds.RunIncomplete,
        LogLevel.Error,
        "Run {RunId} of thread {ThreadId} is over, and {Missing} of its events are missing",
        EventName = nameof(ClientEventIds.RunIncomplete))]
    public partial void RunIncomplete(string threadId, string runId, long missing);

    [LoggerMessage(
        ClientEventIds.TokenFailed, LogLevel.Warning, "A new token could not be had", EventName = nameof(ClientEventIds.TokenFailed))]
    public partial void TokenFailed(Exception exception);

    [LoggerMessage(
        ClientEventIds.AskedToLeave,
        LogLevel.Information,
        "The server stops ({Reason}) and wants a connection elsewhere in {AfterMs} ms",
        EventName = nameof(ClientEventIds.AskedToLeave))]
    public partial void AskedToLeave(string reason, long afterMs);
}
