using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Connections;

/// <summary>The failures that a connection detects itself, where there is no caller to throw to.</summary>
internal static class ConnectionFailures
{
    public static Failure Isolation(Connection connection, long seq) => new(
        FailureCode.IsolationViolation,
        "write",
        $"Event {seq} carries the tag of another user than {UserKey.Show(connection.UserKey)}; it was not written, and the connection is "
        + "ended.")
    {
        UserKey = connection.UserKey,
        ConnectionId = connection.Id,
        Numbers = new Dictionary<string, long>(StringComparer.Ordinal) { ["seq"] = seq },
    };

    public static Failure ReadFailed(Connection connection, Exception exception) => new(
        FailureCode.LogFailed,
        "replay",
        $"What connection {connection.Id} missed could not be read from the log; it is ended, and catches up when it comes back.")
    {
        UserKey = connection.UserKey,
        ConnectionId = connection.Id,
        Exception = exception,
    };

    public static Failure Stuck(Connection connection, ConnectionOptions options)
    {
        var (written, acknowledged) = (connection.Subscription.LastWritten, connection.Subscription.Acknowledged);
        return new Failure(
            FailureCode.SilentFailure,
            "acknowledge",
            $"The page answers pings, but has acknowledged nothing above {acknowledged} for {options.SilentFailureWindow}; "
            + $"{written} was written.")
        {
            UserKey = connection.UserKey,
            ConnectionId = connection.Id,
            Numbers = new Dictionary<string, long>(StringComparer.Ordinal) { ["written"] = written, ["acknowledged"] = acknowledged },
        };
    }

    /// <summary>The <c>error</c> that answers a message of the client.</summary>
    public static byte[] Answer(FailureCode code, string message, string? id, DateTimeOffset now)
        => ServerMessageWriter.Error(new ErrorMessage(
            FailureCodes.WireName(code),
            message.Length <= FailureReporter.MaxShownChars ? message : message[..FailureReporter.MaxShownChars] + "…",
            "error",
            now.ToUnixTimeMilliseconds() / 1000.0,
            ThreadId: null,
            RunId: null,
            id));
}
