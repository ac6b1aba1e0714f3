using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>The ways in which a host may bind its listener.</summary>
internal static class Listeners
{
    private static readonly Lazy<X509Certificate2> SelfSigned = new(MakeCertificate);

    public static X509Certificate2 Certificate => SelfSigned.Value;

    public static void FastDoor(KestrelServerOptions options) => options.Listen(IPAddress.Loopback, 0, static listener =>
    {
        listener.Protocols = HttpProtocols.Http1;
        listener.UseNetraPipeline();
    });

    public static void SecondDoorOnly(KestrelServerOptions options) => options.Listen(IPAddress.Loopback, 0);

    public static void ClearTextHttp2(KestrelServerOptions options) => options.Listen(IPAddress.Loopback, 0, static listener =>
    {
        listener.Protocols = HttpProtocols.Http2;
        listener.UseNetraPipeline();
    });

    public static void Tls(KestrelServerOptions options) => options.Listen(IPAddress.Loopback, 0, static listener =>
    {
        listener.Protocols = HttpProtocols.Http1AndHttp2;

        // Who has begun to speak is not to be cut by Kestrel before a test on a busy machine comes to look.
        listener.UseHttps(Certificate, static https => https.HandshakeTimeout = TimeSpan.FromMinutes(1));
        listener.UseNetraPipeline();
    });

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));

        // Through PKCS #12, so that the key can be used by every TLS stack.
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }
}
