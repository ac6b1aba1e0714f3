using System.Net.Security;

namespace Netra.Pipeline.Load.Clients;

/// <summary>Whether a server is who it says.</summary>
internal static class ServerTrust
{
    /// <summary>The options of a TLS connection.</summary>
    /// <param name="host">Whose certificate is expected; null where the handler of HTTP says it.</param>
    /// <param name="isInsecure">Whether the certificate is not looked at.</param>
    public static SslClientAuthenticationOptions Options(string? host, bool isInsecure)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host };
        if (isInsecure)
        {
#pragma warning disable CA5359 // Whoever runs the harness has asked for it.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        return options;
    }
}
