namespace Netra.Pipeline.Limits;

/// <summary>The limits of what peers ask for, as metrics name them (<c>netra.limit</c>).</summary>
internal enum Limit
{
    /// <summary>What one connection sends.</summary>
    Inbound,

    /// <summary>What all connections send together.</summary>
    InboundTotal,
}
