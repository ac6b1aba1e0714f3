using Netra.Pipeline.Access;
using Netra.Pipeline.Monitoring.Operators;
using Netra.Pipeline.Security.Keys;

namespace Netra.Pipeline.Security.Operators;

/// <summary>An API key, as operators see it; the key itself is there only when it has just been made.</summary>
internal sealed record KeyDocument(
    string KeyId,
    string Name,
    IReadOnlyList<string> Scopes,
    string TenantId,
    string Users,
    double CreatedAt,
    double? ExpiresAt,
    double? RevokedAt,
    string? Key = null)
{
    public static KeyDocument Of(ApiKey key, string? text = null) => new(
        key.Id,
        key.Name,
        AccessRightNames.NamesOf(key.Rights),
        key.Users.Tenant,
        key.Users.Text,
        JsonAnswer.Seconds(key.CreatedAt),
        key.ExpiresAt is { } end ? JsonAnswer.Seconds(end) : null,
        key.RevokedAt is { } revoked ? JsonAnswer.Seconds(revoked) : null,
        text);
}

internal sealed record KeyList(IReadOnlyList<KeyDocument> Keys)
{
    public static KeyList Of(IEnumerable<ApiKey> keys) => new([.. keys.Select(static key => KeyDocument.Of(key))]);
}

/// <summary>Asks for an API key.</summary>
internal sealed record KeyBody(
    string? Name, IReadOnlyList<string>? Scopes, string? TenantId, string? Users, double? ExpiresInS) : OperatorBody
{
    private const double ShortestSeconds = 60;
    private const double LongestSeconds = 10 * 365 * 86_400.0;

    public (string Name, AccessRights Rights, UserPattern Users, TimeSpan? ExpiresIn) Read(BodyCheck check)
    {
        var name = check.NeededText("name", Name, ApiKey.MaxNameChars);
        check.RefuseIf(name.Length > 0 && ApiKey.ProblemOfName(name) is { } wrong ? wrong : null);
        var rights = AccessRights.None;
        foreach (var scope in check.NeededTexts("scopes", Scopes, 10, 20))
        {
            var right = AccessRightNames.Of(scope);
            check.RefuseIf(right == AccessRights.None
                ? $"scopes has '{BodyCheck.Shown(scope)}'; there are {AccessRightNames.List}"
                : null);
            rights |= right;
        }

        check.RefuseIf(Scopes is { Count: 0 } ? "scopes is empty" : null);
        var users = UserPattern.TryParse(Users ?? UserPattern.All.Text, TenantId, out var problem);
        check.RefuseIf(problem is null ? ApiKey.ProblemOf(rights, users!) : $"users is no pattern: {problem}");
        return (name, rights, users ?? UserPattern.All, check.Seconds("expires_in_s", ExpiresInS, ShortestSeconds, LongestSeconds));
    }
}
