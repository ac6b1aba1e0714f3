using System.Diagnostics.Metrics;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Security.Credentials;

/// <summary>Counts credentials that were checked. Safe from any thread.</summary>
internal sealed class AuthenticationMetrics
{
    private readonly Counter<long> _checked;

    public AuthenticationMetrics(IMeterFactory meters) => _checked = meters.Create(PipelineMeter.Name).CreateCounter<long>(
        "netra.authentications", "{credential}", "Credentials that were checked; error.type is there where one was refused.");

    public void Count(CredentialKind kind, bool isGood)
    {
        var credential = new KeyValuePair<string, object?>("netra.credential", NameOf(kind));
        if (isGood)
        {
            _checked.Add(1, credential);
        }
        else
        {
            _checked.Add(1, credential, new KeyValuePair<string, object?>("error.type", "refused"));
        }
    }

    private static string NameOf(CredentialKind kind) => kind switch
    {
        CredentialKind.Token or CredentialKind.TokenInQuery => "token",
        CredentialKind.Key => "key",
        CredentialKind.Ticket => "ticket",
        CredentialKind.Session => "session",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "The kind has no name."),
    };
}
