using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Security;

namespace Netra.Pipeline.Tests.Server;

/// <summary>The README's way to production, word for word: its settings file, its commands, the real program.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ProductionTests
{
    private const string Host = "chat.example.com";
    private const string Program = "Netra.Pipeline.Server.dll";

    // A publisher of the standard library alone. The certificate is its own issuer, and is what it trusts.
    private const string Publisher = """
        import http.client, json, socket, ssl, sys
        port, key, certificate = int(sys.argv[1]), sys.argv[2], sys.argv[3]
        tls = ssl.create_default_context(cafile=certificate).wrap_socket(
            socket.create_connection(("127.0.0.1", port)), server_hostname="chat.example.com")
        connection = http.client.HTTPSConnection("chat.example.com")
        connection.sock = tls
        event = {"user_id": "ada", "thread_id": "t1", "run_id": "r1", "type": "token", "data": {"delta": "Hello"}}
        connection.request("POST", "/v1/events", json.dumps(event),
                           {"Authorization": "Bearer " + key, "Content-Type": "application/json"})
        print(connection.getresponse().status)
        """;

    [Test]
    public async Task Readme_FollowedToProduction_ServesAPageOfAnotherOriginAndAPublisherInPython()
    {
        var folder = Directory.CreateTempSubdirectory("netra-production-");
        try
        {
            using var issuer = TokenIssuer.Rsa();
            await using var provider = await KeyProvider.StartAsync(issuer);
            CopyServer(folder.FullName);
            using var certificate = MakeCertificate(folder.FullName);
            var authority = provider.Settings(isDiscovered: true).Single(static setting => setting.Key.EndsWith("Authority")).Value;
            await File.WriteAllTextAsync(
                Path.Combine(folder.FullName, "appsettings.Production.json"),
                SettingsOfReadme()
                    .Replace("/var/lib/netra", Path.Combine(folder.FullName, "data"))
                    .Replace("https://login.example.com", authority));
            var key = await MakeKeyAsync(folder.FullName);
            await using var server = ServerProcess.Start(
                ["dotnet", Path.Combine(folder.FullName, Program)], "Production", [], "--urls=https://127.0.0.1:0");
            var port = await server.WhenListeningAsync();
            using var handler = HandlerTo(port, certificate);
            using var http = new HttpClient(handler) { BaseAddress = new Uri($"https://{Host}:{port}") };

            // A page of the listed origin, with a token of the provider.
            await using var page = await ConnectAsync(handler, port, "/ws", "https://app.example.com", $"bearer.{issuer.Good("ada")}");
            Assert.That(page.Welcome.UserId, Is.EqualTo("ada"));
            Assert.ThrowsAsync<WebSocketException>(
                () => ConnectAsync(handler, port, "/ws", "https://evil.example.com", $"bearer.{issuer.Good("ada")}"), "of no other one");

            // A page with a ticket that the backend has asked for.
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/tickets");
            request.Content = JsonContent.Create(new { user_id = "ada" });
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using var response = await http.SendAsync(request);
            var ticket = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("ticket").GetString();
            await using var second = await ConnectAsync(handler, port, $"/ws?ticket={ticket}", "https://app.example.com");

            Assert.That(await PublishAsync(port, key, Path.Combine(folder.FullName, "chat.crt")), Is.EqualTo("201"));
            Assert.That((await page.ReadAsync<EventMessage>()).Data.GetProperty("delta").GetString(), Is.EqualTo("Hello"));
            Assert.That((await second.ReadAsync<EventMessage>()).Seq, Is.EqualTo(1));
            using var nobody = await http.PostAsJsonAsync("/v1/events", new { user_id = "ada" });
            Assert.That(nobody.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string SettingsOfReadme()
    {
        var readme = File.ReadAllText(Repository.PathOf("README.md"));
        var section = readme[readme.IndexOf("## Put it into production", StringComparison.Ordinal)..];
        var from = section.IndexOf("```json\n", StringComparison.Ordinal) + "```json\n".Length;
        return section[from..section.IndexOf("```", from, StringComparison.Ordinal)];
    }

    private static async Task<string> MakeKeyAsync(string folder)
    {
        var readme = await File.ReadAllLinesAsync(Repository.PathOf("README.md"));
        var line = readme.Single(static line => line.Contains($"{Program} keys create", StringComparison.Ordinal));
        var command = line.Trim().Split(' ')[2..];
        await using var program = ServerProcess.Start(
            ["dotnet", Path.Combine(folder, Program), .. command], "Production", [], "--urls=https://127.0.0.1:0");
        var (exitCode, output) = await program.WhenExitedAsync();
        Assert.That(exitCode, Is.Zero, output);
        return output.Trim();
    }

    private static async Task<string> PublishAsync(int port, string key, string certificate)
    {
        var start = new ProcessStartInfo("python3", ["-c", Publisher, port.ToString(), key, certificate])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using var python = Process.Start(start)!;
        var printed = await python.StandardOutput.ReadToEndAsync();
        await python.WaitForExitAsync().WaitAsync(TestClient.Patience);
        return printed.Trim();
    }

    private static Task<TestClient> ConnectAsync(
        SocketsHttpHandler handler, int port, string target, string origin, params string[] subprotocols) => TestClient.ConnectAsync(
        new Uri($"wss://{Host}:{port}{target}"),
        options =>
        {
            options.SetRequestHeader("Origin", origin);
            Array.ForEach(subprotocols, options.AddSubProtocol);
        },
        new HttpMessageInvoker(handler, disposeHandler: false));

    // The name leads to this machine.
    private static SocketsHttpHandler HandlerTo(int port, X509Certificate2 certificate) => new()
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
        },
        SslOptions =
        {
            RemoteCertificateValidationCallback = (_, presented, _, _) => presented?.GetCertHashString() == certificate.GetCertHashString(),
        },
    };

    private static X509Certificate2 MakeCertificate(string folder)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={Host}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(Path.Combine(folder, "chat.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "chat.key"), key.ExportPkcs8PrivateKeyPem());
        return certificate;
    }

    private static void CopyServer(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "wwwroot"));
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(folder, Path.GetRelativePath(AppContext.BaseDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }
}
