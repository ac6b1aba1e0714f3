using System.Diagnostics.Metrics;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Edge;

/// <summary>The instrument of what is refused before anybody asks who it is. Safe from any thread.</summary>
internal sealed class EdgeMetrics(IMeterFactory meters)
{
    private readonly Counter<long> _refused = meters.Create(PipelineMeter.Name).CreateCounter<long>(
        "netra.requests.refused", "{request}", "Requests that were refused for the host, the page or the proxy they came by (error.type).");

    /// <param name="code">Why: one of a small set.</param>
    public void Refused(string code) => _refused.Add(1, new KeyValuePair<string, object?>("error.type", code));
}
