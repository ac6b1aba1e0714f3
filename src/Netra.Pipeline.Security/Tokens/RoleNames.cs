using Netra.Pipeline.Access;

namespace Netra.Pipeline.Security.Tokens;

/// <summary>How rights are called among the roles of tokens and sessions, which have roles of other applications as well.</summary>
internal static class RoleNames
{
    private const string Prefix = "netra.";

    /// <summary>The rights among roles.</summary>
    public static AccessRights RightsOf(IEnumerable<string> roles) => roles
        .Where(static role => role.StartsWith(Prefix, StringComparison.Ordinal))
        .Aggregate(AccessRights.None, static (rights, role) => rights | AccessRightNames.Of(role[Prefix.Length..]));

    /// <summary>The roles that make up rights.</summary>
    public static IEnumerable<string> Of(AccessRights rights) => AccessRightNames.NamesOf(rights).Select(static name => Prefix + name);
}
