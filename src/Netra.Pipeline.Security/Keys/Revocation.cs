namespace Netra.Pipeline.Security.Keys;

/// <summary>Credentials that hold no more: one token, or all of a user's that were issued until then. Immutable.</summary>
/// <param name="UserKey">The user's key; null where it is one token's.</param>
/// <param name="TokenId">The token's <c>jti</c>; null where it is a user's.</param>
/// <param name="RevokedAt">When.</param>
/// <param name="Until">How long it is remembered: by then everything that it is about has ended by itself.</param>
internal sealed record Revocation(string? UserKey, string? TokenId, DateTimeOffset RevokedAt, DateTimeOffset Until);
