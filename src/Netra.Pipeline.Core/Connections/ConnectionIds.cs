using System.Security.Cryptography;

namespace Netra.Pipeline.Connections;

/// <summary>Makes connection ids: unguessable, since a client names by its id the connection that it speaks for.</summary>
internal static class ConnectionIds
{
    public static string Next() => "c-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));
}
