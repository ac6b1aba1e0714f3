using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Security.Tokens;

/// <summary>Checks the options at start: every problem at once, none with a secret in its text. Stateless.</summary>
internal sealed class CredentialOptionsValidator : IValidateOptions<CredentialOptions>
{
    private const string Section = "Netra:Authentication";

    /// <summary>Whether a URL leads to this machine, where nobody can listen in.</summary>
    public static bool IsOfThisMachine(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.IsLoopback;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, CredentialOptions options)
    {
        List<string> problems = [.. ProblemsOf(options)];
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> ProblemsOf(CredentialOptions options)
    {
        if (options.HasTokens && string.IsNullOrEmpty(options.Audience))
        {
            yield return $"{Section}:Audience is missing; tokens that are for nobody in particular are taken by nobody.";
        }

        if (options.HasTokens && string.IsNullOrEmpty(options.Issuer) && string.IsNullOrEmpty(options.Authority))
        {
            yield return $"{Section}:Issuer is missing; say whose tokens are taken.";
        }

        if (!options.HasTokens && (options.Issuer is { Length: > 0 } || options.Audience is { Length: > 0 }))
        {
            yield return $"{Section} names an issuer or an audience, and no keys: set Keys, JwksFile, JwksUrl or Authority.";
        }

        if (options.ClientId is { Length: > 0 } && string.IsNullOrEmpty(options.Authority))
        {
            yield return $"{Section}:ClientId is {options.ClientId}, and Authority is missing: where do people sign in?";
        }

        foreach (var (option, url) in new[] { ("JwksUrl", options.JwksUrl), ("Authority", options.Authority) })
        {
            if (url is { Length: > 0 } && !IsSecure(url))
            {
                yield return $"{Section}:{option} is {url}; it must be an https URL, or one of this machine.";
            }
        }

        if (options.JwksFile is { Length: > 0 } file && ProblemOfFile(file) is { } problem)
        {
            yield return $"{Section}:JwksFile is {file}; {problem}.";
        }

        for (var i = 0; i < options.Keys.Count; i++)
        {
            if (ProblemOf(options.Keys[i]) is { } wrong)
            {
                yield return $"{Section}:Keys:{i} is no key: {wrong}.";
            }
        }
    }

    private static bool IsSecure(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));

    private static string? ProblemOfFile(string file)
    {
        try
        {
            TokenKeys.ReadSet(File.ReadAllText(file), allowSecrets: true);
            return null;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return exception.Message.TrimEnd('.');
        }
    }

    private static string? ProblemOf(TokenKeyOptions key)
    {
        try
        {
            TokenKeys.Read(key);
            return null;
        }
        catch (InvalidDataException exception)
        {
            return exception.Message.TrimEnd('.');
        }
    }
}
