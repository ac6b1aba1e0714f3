using System.Security.Cryptography;

namespace Netra.Pipeline.Connections;

/// <summary>Makes connection ids: unguessable, since they name what a client may speak for.</summary>
internal static class ConnectionIds
{
    public static string Next() => "c-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));
}
