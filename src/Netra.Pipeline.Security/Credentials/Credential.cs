using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Security.Keys;

namespace Netra.Pipeline.Security.Credentials;

/// <summary>A credential as it stands in a request (docs/protocol.md, section 12.1). It is written nowhere.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The credential itself.</param>
internal readonly record struct Credential(CredentialKind Kind, string Text)
{
    private const string Scheme = "Bearer ";
    private const string Subprotocol = "bearer.";

    /// <summary>Finds the credential of a request.</summary>
    /// <param name="headers">Its header fields.</param>
    /// <param name="query">Its query; null where credentials are not looked for there.</param>
    /// <param name="problem">What is wrong; null when nothing is.</param>
    /// <returns>Null where there is none, or something is wrong.</returns>
    public static Credential? Find(IHeaderDictionary headers, IQueryCollection? query, out string? problem)
    {
        var found = new List<Credential>(2);
        problem = null;
        foreach (var value in headers.Authorization)
        {
            if (value is null || !value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || value.Length == Scheme.Length)
            {
                problem = "The Authorization header must be of the scheme Bearer.";
                return null;
            }

            found.Add(Of(value[Scheme.Length..].Trim()));
        }

        found.AddRange(Offered(headers.SecWebSocketProtocol).Select(Of));
        if (query is not null)
        {
            found.AddRange(query["ticket"].Select(static text => new Credential(CredentialKind.Ticket, text ?? string.Empty)));
            found.AddRange(query["token"].Select(static text => new Credential(CredentialKind.TokenInQuery, text ?? string.Empty)));
        }

        if (found.Count > 1)
        {
            problem = "The request has several credentials; send one.";
            return null;
        }

        return found.Count == 1 ? found[0] : null;
    }

    /// <summary>Whether a request has one at all.</summary>
    public static bool IsIn(HandshakeRequest request) => request.Headers.Authorization.Count > 0
        || Offered(request.Headers.SecWebSocketProtocol).Any()
        || request.Query.ContainsKey("ticket")
        || request.Query.ContainsKey("token");

    /// <summary>Says which kind it is, and not more.</summary>
    public override string ToString() => Kind.ToString();

    private static Credential Of(string text) => new(
        text.StartsWith(ApiKey.Prefix, StringComparison.Ordinal) ? CredentialKind.Key
            : text.StartsWith(Ticket.Prefix, StringComparison.Ordinal) ? CredentialKind.Ticket
            : CredentialKind.Token,
        text);

    private static IEnumerable<string> Offered(StringValues subprotocols) => subprotocols
        .SelectMany(static value => (value ?? string.Empty).Split(',', StringSplitOptions.TrimEntries))
        .Where(static name => name.StartsWith(Subprotocol, StringComparison.Ordinal))
        .Select(static name => name[Subprotocol.Length..]);
}

/// <summary>The kinds of credentials.</summary>
internal enum CredentialKind
{
    /// <summary>A JSON Web Token.</summary>
    Token,

    /// <summary>A JSON Web Token in a URL.</summary>
    TokenInQuery,

    /// <summary>An API key.</summary>
    Key,

    /// <summary>A ticket.</summary>
    Ticket,

    /// <summary>What the host's own authentication has found, such as a cookie.</summary>
    Session,
}
