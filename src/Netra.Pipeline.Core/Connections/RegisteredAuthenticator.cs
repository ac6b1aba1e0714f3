using Microsoft.Extensions.Hosting;

namespace Netra.Pipeline.Connections;

/// <summary>
/// The authenticator in use: the last one that the host has registered; without one, that of a package beside the core; in Development one
/// that accepts the query's user id.
/// </summary>
internal sealed class RegisteredAuthenticator
{
    public RegisteredAuthenticator(
        IEnumerable<IConnectionAuthenticator> registered, IEnumerable<DefaultAuthenticator> defaults, IHostEnvironment environment)
    {
        var known = defaults.LastOrDefault();
        Authenticator = registered.LastOrDefault()
            ?? (environment.IsDevelopment() ? new DevelopmentAuthenticator(known) : known is { IsConfigured: true } ? known : null);
        Problem = Authenticator is not null
            ? null
            : known?.Advice ?? "no IConnectionAuthenticator is registered (UseAuthenticator); only Development has one from the start";
    }

    /// <summary>Null admits nobody; the host does not start then.</summary>
    public IConnectionAuthenticator? Authenticator { get; }

    /// <summary>Why there is none; null when there is one.</summary>
    public string? Problem { get; }
}
