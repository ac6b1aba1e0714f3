using Microsoft.Extensions.Hosting;

namespace Netra.Pipeline.Connections;

/// <summary>
/// The authenticator in use: the last one registered; in Development, if there is none, one that accepts the query's user id.
/// </summary>
internal sealed class RegisteredAuthenticator(IEnumerable<IConnectionAuthenticator> registered, IHostEnvironment environment)
{
    /// <summary>Null admits nobody; the host does not start then.</summary>
    public IConnectionAuthenticator? Authenticator { get; } =
        registered.LastOrDefault() ?? (environment.IsDevelopment() ? new DevelopmentAuthenticator() : null);
}
