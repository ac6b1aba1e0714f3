using System.Text.Json;

namespace Netra.Pipeline.Tenants;

/// <summary>
/// The one name under which a user is known inside (streams, runs, tables, limits, owner tags): the user's id, and before it, where the
/// user is of a tenant, the tenant's id and U+001F. Neither of the two can have that character, so two pairs never have one key:
/// <c>a/b</c> and <c>c</c> are not <c>a</c> and <c>b/c</c>. A user without a tenant has the id as key. Pure functions.
/// </summary>
public static class UserKey
{
    /// <summary>Stands between the tenant and the user: a control character, which identifiers cannot have.</summary>
    public const char Separator = '\u001F';

    /// <summary>The key of a user.</summary>
    /// <param name="tenantId">The tenant: a valid identifier; empty for none.</param>
    /// <param name="userId">The user's id: a valid identifier.</param>
    public static string Of(string tenantId, string userId)
    {
        ArgumentNullException.ThrowIfNull(tenantId);
        ArgumentNullException.ThrowIfNull(userId);
        return tenantId.Length == 0 ? userId : $"{tenantId}{Separator}{userId}";
    }

    /// <summary>The tenant of a key; empty for none.</summary>
    /// <param name="key">The key.</param>
    public static string TenantOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var end = key.IndexOf(Separator, StringComparison.Ordinal);
        return end < 0 ? string.Empty : key[..end];
    }

    /// <summary>The user's id of a key.</summary>
    /// <param name="key">The key.</param>
    public static string UserOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var end = key.IndexOf(Separator, StringComparison.Ordinal);
        return end < 0 ? key : key[(end + 1)..];
    }

    /// <summary>The tenant of a key, to be left out where there is none.</summary>
    internal static string? TenantOrNull(string key) => TenantOf(key) is { Length: > 0 } tenantId ? tenantId : null;

    /// <summary>Writes the members that name the user: <c>user_id</c>, and <c>tenant_id</c> where there is a tenant.</summary>
    internal static void Write(Utf8JsonWriter json, string key)
    {
        if (TenantOrNull(key) is { } tenantId)
        {
            json.WriteString("tenant_id"u8, tenantId);
        }

        json.WriteString("user_id"u8, UserOf(key));
    }

    /// <summary>Names the user for people: in messages and logs, where nothing is decided by it.</summary>
    internal static string Show(string key) => key.Replace(Separator, '/');
}
