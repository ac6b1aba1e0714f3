using System.Text.Json;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// Reads users' metrics: what is counted since they began, the accounts of the users' streams where these are loaded, and open connections
/// and runs. Safe from any thread.
/// </summary>
internal sealed class UserMetricsView(StreamRegistry streams, ConnectionRegistry connections, RunRegistry runs, FailureFeed feed)
{
    private const int LatestFailures = 50;
    private const int MaxPrompt = 256;

    public UserMetricsItem Read(UserMetrics user)
    {
        var item = new UserMetricsItem
        {
            UserId = UserKey.UserOf(user.UserKey),
            TenantId = UserKey.TenantOrNull(user.UserKey),
            Attempted = user.Accepted + user.Refused,
            Accepted = user.Accepted,
            Refused = user.Refused,
            Delivered = user.Written,
            Failed = user.Failures,
            ByType = Enum.GetValues<EventType>().Where(type => user.AcceptedOf(type) + user.RefusedOf(type) > 0)
                .ToDictionary(
                    EventTypes.WireName, type => new TypeMetrics(user.AcceptedOf(type), user.RefusedOf(type)), StringComparer.Ordinal),
            DeliveryLatency = LatencyDocument.Of(user.DeliveryLatency),
            AckLatency = LatencyDocument.Of(user.AcknowledgementLatency),
            ConnectedTotal = user.Connections,
            DroppedTotal = user.Drops,
            Reconnects = user.Reconnects,
            ReconnectAverageS = user.MeanReconnect.TotalSeconds,
            RunsEnded = user.TerminalsDue,
            RunsEndedAcknowledged = user.TerminalsAcknowledged,
        };
        return streams.TryGetLoaded(user.UserKey, out var stream) ? WithAccount(item, stream.Snapshot()) : item;
    }

    /// <summary>One user's metrics, connections, open runs and latest failures.</summary>
    public UserView ReadAll(UserMetrics user) => new(Read(user))
    {
        LatestEventId = streams.TryGetLoaded(user.UserKey, out var stream) && stream.Snapshot().Head is > 0 and var head
            ? stream.IdOf(head)
            : null,
        OpenConnections = [.. connections.All.Where(connection => connection.UserKey == user.UserKey).Select(ItemOf)],
        OpenRuns = OpenRunsOf(user.UserKey),
        Failures =
        [
            .. feed.Latest(feed.Capacity).Where(failure => failure.UserKey == user.UserKey).Take(LatestFailures).Select(FailureItem.Of)
        ],
    };

    /// <summary>What an open run does, as it is shown.</summary>
    public static string StateOf(RunLife run, long now) => run.IsStalled ? "stalled" : run.IsWaitingAt(now) ? "waiting" : "running";

    /// <summary>How a connection is, as it is shown.</summary>
    public static string StateOf(Connection connection) => JsonNamingPolicy.SnakeCaseLower.ConvertName(connection.State.ToString());

    private static UserMetricsItem WithAccount(UserMetricsItem item, in StreamSnapshot snapshot)
    {
        var (account, offline) = (snapshot.Account, snapshot.IsOnline ? 0 : snapshot.Account.Pending);
        var due = account.Accepted - account.Expired - offline;
        return item with
        {
            Acknowledged = account.Acknowledged,
            Pending = account.Pending,
            PendingOffline = offline,
            Expired = account.Expired,
            DeadLettered = account.DeadLettered,
            SuccessRate = due <= 0 ? 1 : Math.Min(1, (double)account.Acknowledged / due),
            Connections = snapshot.Connections,
            Lagging = snapshot.Lagging,
            Online = snapshot.IsOnline,
        };
    }

    private static OpenRequestItem ItemOf(OpenQuestion open, long now)
    {
        var question = open.Question;
        return new OpenRequestItem(
            question.RequestId,
            RequestKinds.WireName(question.Kind),
            Shorten(question.Prompt),
            question.CallId,
            question.Until is { } until ? JsonAnswer.Seconds(until) : null,
            JsonAnswer.Seconds(question.AskedAt),
            TimeSpan.FromTicks(now - open.Since).TotalSeconds);
    }

    private static string Shorten(string prompt) => prompt.Length <= MaxPrompt
        ? prompt
        : string.Concat(prompt.AsSpan(0, char.IsHighSurrogate(prompt[MaxPrompt - 2]) ? MaxPrompt - 2 : MaxPrompt - 1), "…");

    private static ConnectionItem ItemOf(Connection connection) => new(
        connection.Id,
        connection.Transport,
        StateOf(connection),
        connection.Subscription.LastWritten,
        connection.Subscription.Acknowledged,
        connection.Queue.Count,
        connection.Queue.Bytes,
        connection.Silence.TotalSeconds);

    private IReadOnlyList<OpenRunItem> OpenRunsOf(string userKey)
    {
        var now = runs.Now;
        return
        [
            .. runs.Lives().Where(run => run is { HasBegun: true, HasEnded: false } && run.Key.UserKey == userKey)
                .Select(run => new OpenRunItem(
                    run.Key.ThreadId,
                    run.Key.RunId,
                    run.AgentName,
                    StateOf(run, now),
                    TimeSpan.FromTicks(run.QuietAt(now)).TotalSeconds,
                    run.IsStalled,
                    runs.QuestionsOf(run.Key) is { Count: > 0 } open ? [.. open.Select(question => ItemOf(question, now))] : null)),
        ];
    }
}
