using Netra.Pipeline.Contexts;
using Netra.Pipeline.Monitoring.Operators;

namespace Netra.Pipeline.Security.Operators;

/// <summary>Asks that a user's credentials, or one token, hold no more.</summary>
internal sealed record RevocationBody(string? UserId, string? TokenId) : OperatorBody
{
    private const int MaxTokenIdChars = 512;

    public (string? UserId, string? TokenId) Read(BodyCheck check)
    {
        check.RefuseIf((UserId is null) == (TokenId is null) ? "one of user_id and token_id is needed" : null);
        check.RefuseIf(UserId is null ? null : IdentifierRules.ProblemOfUser(UserId));
        return (UserId, check.Text("token_id", TokenId, MaxTokenIdChars));
    }
}
