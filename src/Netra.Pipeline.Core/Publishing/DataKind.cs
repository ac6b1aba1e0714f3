namespace Netra.Pipeline.Publishing;

/// <summary>What a member of an event's data must be.</summary>
internal enum DataKind
{
    /// <summary>Any JSON.</summary>
    Any,

    /// <summary>A string.</summary>
    Text,

    /// <summary>A string that is not empty.</summary>
    Name,

    /// <summary>An object.</summary>
    Object,

    /// <summary>A finite number.</summary>
    Number,

    /// <summary>A finite number that is not negative.</summary>
    Duration,

    /// <summary>A lease in milliseconds.</summary>
    Lease,

    /// <summary>How a tool ended: <c>ok</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    Outcome,

    /// <summary>An object with <c>code</c> and <c>message</c>.</summary>
    Error,
}
