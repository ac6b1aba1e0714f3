namespace Netra.Pipeline.Alerting.Operators;

/// <summary>In which order a history is paged through.</summary>
internal enum HistoryOrder
{
    /// <summary>From the beginning on.</summary>
    Oldest,

    /// <summary>From the end back.</summary>
    Newest,
}

/// <summary>The names of orders (docs/protocol.md, section 11). Pure functions.</summary>
internal static class HistoryOrders
{
    public static string NameOf(HistoryOrder order) => order switch
    {
        HistoryOrder.Oldest => "oldest",
        HistoryOrder.Newest => "newest",
        _ => throw new ArgumentOutOfRangeException(nameof(order), order, "not a defined order"),
    };
}
