using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Access;

/// <summary>
/// Finds out who sends a request to publish or to operate, where the host does not do that itself. The package that has API keys and
/// tokens registers one; without one only hosts that protect the routes themselves, and Development, admit anybody.
/// </summary>
internal abstract class CallerAuthenticator
{
    /// <summary>Whether there is anything that could authenticate somebody.</summary>
    public abstract bool IsConfigured { get; }

    /// <summary>Authenticates a request.</summary>
    /// <returns>What was found; null when the request has no credential.</returns>
    public abstract ValueTask<CallerResult?> AuthenticateAsync(HttpContext context);
}

/// <summary>What was found out about the caller of a request: who it is, or why it is refused.</summary>
/// <param name="Caller">Who it is.</param>
/// <param name="Refusal">Why it is refused.</param>
internal sealed record CallerResult(Caller? Caller, ProblemDocument? Refusal)
{
    public static CallerResult Refuse(int status, string code, string message) => new(null, new ProblemDocument(status, code, message));
}
