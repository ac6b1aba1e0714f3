using System.Text;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Contexts;

/// <summary>
/// What an identifier must be: 1 to 256 bytes of UTF-8, no control characters, no unpaired surrogates; a user id does not begin with
/// <c>$</c>, which is for the system's own. The texts never repeat the value: it comes from outside and goes into logs.
/// </summary>
internal static class IdentifierRules
{
    /// <summary>What the ids of the system's own users begin with.</summary>
    public const char ReservedPrefix = '$';

    /// <summary>Stands for all tenants, where one is named.</summary>
    public const string AnyTenant = "*";

    private const string TenantName = "tenant_id";

    /// <summary>Whether a user is one of the system's own; those have no tenant.</summary>
    public static bool IsReserved(string userId) => userId.StartsWith(ReservedPrefix);

    /// <summary>What is wrong with a user id from outside, or <see langword="null"/>.</summary>
    /// <param name="value">The id.</param>
    /// <param name="name">What to call it in the text.</param>
    public static string? ProblemOfUser(string? value, string name = "user_id") =>
        value is [ReservedPrefix, ..] ? $"{name} begins with '{ReservedPrefix}', which is reserved" : ProblemOf(value, name);

    /// <summary>What is wrong with a tenant from outside, or <see langword="null"/>. It is the beginning of its users' keys.</summary>
    /// <param name="value">The tenant's id; empty for none.</param>
    public static string? ProblemOfTenant(string? value) =>
        value is "" ? null
        : value == AnyTenant ? $"{TenantName} is '{AnyTenant}', which stands for all tenants and is none"
        : ProblemOfUser(value, TenantName);

    /// <summary>What is wrong with an identifier, or <see langword="null"/>.</summary>
    /// <param name="value">The id.</param>
    /// <param name="name">What to call it in the text.</param>
    public static string? ProblemOf(string? value, string name)
    {
        if (string.IsNullOrEmpty(value))
        {
            return value is null ? $"{name} is missing" : $"{name} is empty";
        }

        for (var i = 0; i < value.Length; i++)
        {
            if (char.IsControl(value[i]))
            {
                return $"{name} has a control character (U+{(int)value[i]:X4}) at index {i}";
            }

            if (char.IsHighSurrogate(value[i]) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(value[i]))
            {
                return $"{name} has an unpaired surrogate at index {i}";
            }
        }

        var bytes = Encoding.UTF8.GetByteCount(value);
        return bytes > ProtocolConstants.MaxIdentifierBytes
            ? $"{name} has {bytes} bytes of UTF-8, and at most {ProtocolConstants.MaxIdentifierBytes} are allowed"
            : null;
    }
}
