using System.Security.Cryptography;

namespace Netra.Pipeline.Connections;

/// <summary>Makes connection ids: unguessable, since a client that knows one may acknowledge and send for that connection.</summary>
internal static class ConnectionIds
{
    public static string Next() => "c-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));
}
