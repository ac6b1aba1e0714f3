using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Limits;

namespace Netra.Pipeline.Benchmarks.Connections;

/// <summary>What connections may send, as servers have it by default.</summary>
internal static class Inbound
{
    public static InboundMeter Meter()
        => new(new InboundBudget(Options.Create(new PeerLimitOptions()), new ServedTime(TimeProvider.System)));
}
