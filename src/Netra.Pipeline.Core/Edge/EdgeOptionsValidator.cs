using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Edge;

/// <summary>Checks the lists of origins and proxies; each message names the entry. Stateless.</summary>
internal sealed class EdgeOptionsValidator : IValidateOptions<HttpOptions>, IValidateOptions<ProxyOptions>
{
    public ValidateOptionsResult Validate(string? name, HttpOptions options)
    {
        string[] problems =
        [
            .. options.AllowedOrigins.Where(static text => !Origin.TryParse(text, out _)).Select(static text =>
                $"Netra:Http:AllowedOrigins has '{text}'; an origin is http:// or https:// and a host, with a port where it is not the "
                + "scheme's own, and nothing after that."),
        ];
        return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    public ValidateOptionsResult Validate(string? name, ProxyOptions options)
    {
        var problems = options.Trusted.Where(static text => !TrustedProxies.IsEntry(text))
            .Select(static text =>
                $"Netra:Proxies:Trusted has '{text}'; an entry is an IP address, a network such as 10.0.0.0/8, or unix.")
            .ToList();
        if (options is { ProxyProtocol: true, Trusted.Count: 0 })
        {
            problems.Add("Netra:Proxies:ProxyProtocol is on and Netra:Proxies:Trusted is empty: every connection would be closed.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
