using Netra.Pipeline.Contexts;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Access;

/// <summary>
/// Which users a caller is for: all of a tenant's (<c>*</c>), one by name, or those whose names begin alike (<c>team-*</c>); of one tenant,
/// of those without a tenant, or of every tenant. Immutable.
/// </summary>
internal sealed record UserPattern
{
    /// <summary>Everybody, whatever the tenant.</summary>
    public static readonly UserPattern All = new("*", IdentifierRules.AnyTenant);

    private readonly string _beginning;
    private readonly bool _isOpen;

    private UserPattern(string text, string tenant)
        => (Text, Tenant, _isOpen, _beginning) = (text, tenant, text.EndsWith('*'), text.TrimEnd('*'));

    /// <summary>The pattern of user ids, as it is written.</summary>
    public string Text { get; }

    /// <summary>The tenant's id; empty for users without one, <c>*</c> for every tenant.</summary>
    public string Tenant { get; }

    /// <summary>Whether it is for the users of every tenant.</summary>
    public bool IsOfEveryTenant => Tenant == IdentifierRules.AnyTenant;

    /// <summary>The one tenant that it is for; empty where there is none, or every one.</summary>
    public string OwnTenant => IsOfEveryTenant ? string.Empty : Tenant;

    /// <summary>Whether it is everybody.</summary>
    public bool IsAll => IsOfEveryTenant && IsAllOfTenant;

    /// <summary>Whether all users are among them, of the tenants that it is for.</summary>
    public bool IsAllOfTenant => _isOpen && _beginning.Length == 0;

    /// <summary>All users of a tenant.</summary>
    /// <param name="tenantId">The tenant, valid; empty for none.</param>
    public static UserPattern AllOf(string tenantId) => new("*", tenantId);

    /// <summary>Reads a pattern.</summary>
    /// <param name="text">The pattern of user ids.</param>
    /// <param name="tenant">
    /// The tenant, or <c>*</c> for every one. Null: every tenant where the pattern is everybody, else none, since users who are named are
    /// somebody's.
    /// </param>
    /// <param name="problem">What is wrong with it; null when nothing is.</param>
    /// <returns>The pattern; null when it is not one.</returns>
    public static UserPattern? TryParse(string text, string? tenant, out string? problem)
    {
        var name = text.EndsWith('*') ? text[..^1] : text;
        problem = name.Contains('*', StringComparison.Ordinal) ? $"'{text}' has a * that is not its end"
            : text != "*" && IdentifierRules.ProblemOfUser(name) is { } user ? user
            : tenant is null or IdentifierRules.AnyTenant ? null
            : IdentifierRules.ProblemOfTenant(tenant);
        return problem is null ? new UserPattern(text, tenant ?? (text == "*" ? IdentifierRules.AnyTenant : string.Empty)) : null;
    }

    /// <summary>Whether a user is among them.</summary>
    /// <param name="userKey">The user's key.</param>
    public bool Covers(string userKey)
    {
        var key = userKey.AsSpan();
        var end = key.IndexOf(UserKey.Separator);
        var userId = key[(end + 1)..];
        return CoversTenant(end < 0 ? [] : key[..end])
            && (_isOpen ? userId.StartsWith(_beginning, StringComparison.Ordinal) : userId.SequenceEqual(_beginning));
    }

    /// <summary>Whether users of a tenant are among them.</summary>
    /// <param name="tenantId">The tenant; empty for none.</param>
    public bool CoversTenant(ReadOnlySpan<char> tenantId) => IsOfEveryTenant || tenantId.SequenceEqual(Tenant);

    /// <summary>As people are told.</summary>
    public override string ToString()
        => IsOfEveryTenant ? $"the users '{Text}'"
            : Tenant.Length == 0 ? $"the users '{Text}' without a tenant"
            : $"the users '{Text}' of the tenant '{Tenant}'";
}
