using Netra.Pipeline.Log;

namespace Netra.Pipeline.Http;

/// <summary>The names on the wire (docs/protocol.md, sections 9.4 and 9.5) of what has become of events.</summary>
internal static class AccountNames
{
    public static string Of(EventState state) => state switch
    {
        EventState.Pending => "pending",
        EventState.Acknowledged => "acknowledged",
        EventState.Expired => "expired",
        EventState.DeadLettered => "dead_lettered",
        _ => throw Unmapped(state),
    };

    public static string Of(HistoryStage stage) => stage switch
    {
        HistoryStage.Accepted => "accepted",
        HistoryStage.Stored => "stored",
        HistoryStage.Queued => "queued",
        HistoryStage.Written => "written",
        HistoryStage.Acknowledged => "acknowledged",
        HistoryStage.Expired => "expired",
        HistoryStage.DeadLettered => "dead_lettered",
        _ => throw Unmapped(stage),
    };

    public static string Of(DeadLetterState state) => state switch
    {
        DeadLetterState.Waiting => "waiting",
        DeadLetterState.Replayed => "replayed",
        DeadLetterState.Dropped => "dropped",
        DeadLetterState.Acknowledged => "acknowledged",
        _ => throw Unmapped(state),
    };

    public static string Of(DeadLetterCause cause) => cause switch
    {
        DeadLetterCause.Unconfirmed => "unconfirmed",
        DeadLetterCause.Expired => "expired",
        _ => throw Unmapped(cause),
    };

    public static string Of(WebhookState state) => state switch
    {
        WebhookState.Waiting => "waiting",
        WebhookState.Delivered => "delivered",
        WebhookState.Failed => "failed",
        _ => throw Unmapped(state),
    };

    private static ArgumentOutOfRangeException Unmapped(Enum value) => new(nameof(value), value, "not a defined value");
}
