using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Primitives;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Edge;

/// <summary>
/// The names that this server answers to: those of the standard key <c>AllowedHosts</c>, and in Development this machine's own whatever
/// that key says, since a name that was made to point here is how a page elsewhere gets in. Immutable.
/// </summary>
internal sealed class HostRules
{
    private readonly bool _isDevelopment;
    private readonly bool _isOpen;
    private readonly StringSegment[] _names;

    public HostRules(IConfiguration configuration, IHostEnvironment environment)
    {
        string[] names = (configuration["AllowedHosts"] ?? string.Empty).Split(
            ';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        _isDevelopment = environment.IsDevelopment();
        _isOpen = !_isDevelopment && (names.Length == 0 || Array.Exists(names, IsAny));
        _names = [.. names.Where(static name => !IsAny(name)).Select(PunycodeOf)];
    }

    /// <summary>What is wrong with the host that a request names; null when nothing is, and where it names none.</summary>
    public HandshakeRefusal? Check(StringValues hosts)
    {
        // None is what HTTP/1.0 has, and more than one is refused for that.
        if (_isOpen || hosts is not [{ Length: > 0 } text])
        {
            return null;
        }

        return Authority.TryParse(text, out var authority)
            && ((_isDevelopment && authority.IsLoopback) || HostString.MatchesAny(authority.Host, _names))
            ? null
            : new HandshakeRefusal(
                StatusCodes.Status400BadRequest,
                HandshakeRefusal.HostNotAllowed,
                $"Host is '{Shortened.Of(text)}'; "
                + (_isDevelopment
                    ? "in Development this server answers to localhost, 127.0.0.0/8 and [::1], and to what AllowedHosts lists by name."
                    : "it is not among AllowedHosts."));
    }

    /// <summary>A name that this server answers to, for its own requests to itself; null when any will do.</summary>
    public string? OwnName() => _isOpen ? null
        : _isDevelopment ? "localhost"
        : _names[0].ToString() is var name && name.StartsWith("*.", StringComparison.Ordinal) ? $"canary{name[1..]}"
        : name;

    // As the host's own filter has it.
    private static bool IsAny(string name) => name is "*" or "[::]" or "0.0.0.0";

    private static StringSegment PunycodeOf(string name) => new HostString(name).ToUriComponent();
}
