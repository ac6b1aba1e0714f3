namespace Netra.Pipeline.Edge;

/// <summary>An origin: scheme, host and port (RFC 6454), as browsers name it. Immutable.</summary>
/// <param name="Scheme">The scheme.</param>
/// <param name="Host">The host, in lower case.</param>
/// <param name="Port">The port.</param>
internal readonly record struct Origin(string Scheme, string Host, int Port)
{
    private const string Http = "http";
    private const string Https = "https";

    public static bool TryParse(string? text, out Origin origin)
    {
        origin = default;
        if (text is null || SchemeOf(text) is not { } scheme || !Authority.TryParse(text[(scheme.Length + 3)..], out var authority))
        {
            return false;
        }

        origin = Of(scheme, authority);
        return true;
    }

    /// <summary>The origin of a server.</summary>
    public static Origin Of(bool isSecure, in Authority authority) => Of(isSecure ? Https : Http, authority);

    public override string ToString() => $"{Scheme}://{Host}{(Port == PortOf(Scheme) ? string.Empty : $":{Port}")}";

    private static Origin Of(string scheme, in Authority authority)
        => new(scheme, authority.Host.ToLowerInvariant(), authority.Port ?? PortOf(scheme));

    private static string? SchemeOf(string text) => text switch
    {
        _ when text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) => Https,
        _ when text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) => Http,
        _ => null,
    };

    private static int PortOf(string scheme) => scheme == Https ? 443 : 80;
}
