using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>The names on the wire (docs/protocol.md, section 9.4) of the outcomes of events.</summary>
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

    private static ArgumentOutOfRangeException Unmapped(Enum value) => new(nameof(value), value, "not a defined value");
}

/// <summary>The outcome of an event in its trace: the columns of the ledger.</summary>
internal enum EventState
{
    /// <summary>It is kept, and no device has confirmed it.</summary>
    Pending,

    /// <summary>A device has confirmed it.</summary>
    Acknowledged,

    /// <summary>Retention deleted it before a device had confirmed it.</summary>
    Expired,

    /// <summary>It became a dead letter, and no device confirmed it later.</summary>
    DeadLettered,
}
