using Microsoft.AspNetCore.Routing;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// What a package beside the core adds to the running pipeline: what has to be there before the log opens, what opens with it, its loops,
/// and its routes. It is told, and asked for nothing else. Made before options are validated, so it must not need any when it is made.
/// </summary>
internal abstract class PipelineModule
{
    /// <summary>The host starts; the log is not open yet.</summary>
    public virtual void OnStarting()
    {
    }

    /// <summary>The log is open; nobody may emit yet. What it throws keeps the host from starting.</summary>
    public virtual void OnLogOpened()
    {
    }

    /// <summary>The loops that run for as long as the pipeline does. Asked once, after <see cref="OnLogOpened"/>.</summary>
    public virtual IEnumerable<BackgroundLoop> Loops() => [];

    /// <summary>Maps its routes. Asked before the host starts.</summary>
    /// <param name="open">For routes that everybody may ask.</param>
    /// <param name="guarded">For routes for which the host may demand authorization.</param>
    public virtual void Map(IEndpointRouteBuilder open, IEndpointRouteBuilder guarded)
    {
    }
}
