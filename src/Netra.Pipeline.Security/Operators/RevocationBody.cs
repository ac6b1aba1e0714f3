using Netra.Pipeline.Contexts;
using Netra.Pipeline.Monitoring.Operators;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Security.Operators;

/// <summary>Asks that a user's credentials, or one token, hold no more.</summary>
internal sealed record RevocationBody(string? TenantId, string? UserId, string? TokenId) : OperatorBody
{
    private const int MaxTokenIdChars = 512;

    public (string? UserKey, string? TokenId) Read(BodyCheck check)
    {
        check.RefuseIf((UserId is null) == (TokenId is null) ? "one of user_id and token_id is needed" : null);
        check.RefuseIf(UserId is null ? null : IdentifierRules.ProblemOfUser(UserId));
        check.RefuseIf(TenantId is null ? null : UserId is null ? "tenant_id needs user_id" : IdentifierRules.ProblemOfTenant(TenantId));
        return (UserId is null ? null : UserKey.Of(TenantId ?? string.Empty, UserId), check.Text("token_id", TokenId, MaxTokenIdChars));
    }
}
