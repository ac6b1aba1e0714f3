using Microsoft.AspNetCore.Routing;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// What a package beside the core adds to the running pipeline: what has to be there before the log opens, what opens with it, its loops,
/// and its routes. The core asks it for nothing else. It is created before options are validated, so its constructor must not need any.
/// </summary>
internal abstract class PipelineModule
{
    /// <summary>The host starts; the log is not open yet.</summary>
    public virtual void OnStarting()
    {
    }

    /// <summary>The log is open; nothing can be emitted yet. An exception keeps the host from starting.</summary>
    public virtual void OnLogOpened()
    {
    }

    /// <summary>The loops that run for as long as the pipeline does. Read once, after <see cref="OnLogOpened"/>.</summary>
    public virtual IEnumerable<BackgroundLoop> Loops() => [];

    /// <summary>
    /// A user is being erased, and the log knows none of that name any more: what the module knows of the user is to go. Called again when
    /// the process ended in the middle.
    /// </summary>
    /// <param name="userId">The user.</param>
    /// <param name="cancellationToken">Fires when the host stops.</param>
    public virtual ValueTask EraseAsync(string userId, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Maps its routes. Called before the host starts.</summary>
    /// <param name="open">For routes open to every caller.</param>
    /// <param name="guarded">For routes for which the host may demand authorization.</param>
    public virtual void Map(IEndpointRouteBuilder open, IEndpointRouteBuilder guarded)
    {
    }
}
