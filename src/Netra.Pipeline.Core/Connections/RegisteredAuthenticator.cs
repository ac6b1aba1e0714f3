using Microsoft.Extensions.Hosting;

namespace Netra.Pipeline.Connections;

/// <summary>
/// Who says who connects: the last authenticator registered; in Development one that believes the query, if there is none.
/// </summary>
internal sealed class RegisteredAuthenticator(IEnumerable<IConnectionAuthenticator> registered, IHostEnvironment environment)
{
    /// <summary>Null admits nobody; the host doesn't start then.</summary>
    public IConnectionAuthenticator? Authenticator { get; } =
        registered.LastOrDefault() ?? (environment.IsDevelopment() ? new DevelopmentAuthenticator() : null);
}
