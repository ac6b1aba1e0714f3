using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.LogFigures;

/// <summary>The trace that all that is emitted belongs to, and every envelope names.</summary>
/// <param name="Trace">The trace; null for none.</param>
internal sealed record PublisherTrace(TraceContext? Trace)
{
    /// <summary>The example of W3C Trace Context.</summary>
    public const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
}
