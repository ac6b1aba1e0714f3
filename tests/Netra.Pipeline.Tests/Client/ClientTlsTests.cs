using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Client;
using Netra.Pipeline.Client.Publishing;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.WebSockets;

namespace Netra.Pipeline.Tests.Client;

/// <summary>Clients and publishers over TLS: they go by the authority that they were given, and say what they do not trust.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ClientTlsTests
{
    private PipelineHost _host = null!;
    private Uri _address = null!;
    private string _folder = null!;
    private string _authority = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await PipelineHost.StartAsync(kestrel: Listeners.Tls);
        _address = new Uri($"https://localhost:{_host.Port}");
        _folder = Directory.CreateTempSubdirectory("netra-tls-").FullName;
        _authority = Path.Combine(_folder, "authority.pem");
        await File.WriteAllTextAsync(_authority, Listeners.Certificate.ExportCertificatePem());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task Run_PublishedAndReadOverTls_ComesWhole()
    {
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = IsOurs } };
        await using var page = new RecordingClient(_address, "eve", options => options with { Handler = handler });
        await using var publisher = new PipelinePublisher(new PublisherOptions
        {
            Address = _address,
            ConfigureTls = static tls => tls.RemoteCertificateValidationCallback = IsOurs,
        });
        await using var run = publisher.Run("eve", "t1", "r1");
        await run.StartedAsync("writer");
        await run.TokenAsync("Hello");
        await run.CompletedAsync();

        await page.WhenAsync(() => page.Numbers.Count == 3, "the run is there");
        Assert.That(page.Handled[^1], Is.TypeOf<AgentCompleted>());
    }

    [Test]
    public async Task Python_WithTheAuthority_PublishesOverTls()
    {
        using var publisher = StartPython(_authority);
        var error = await publisher.StandardError.ReadToEndAsync();
        await publisher.WaitForExitAsync().WaitAsync(TestClient.Patience * 2);

        Assert.That(publisher.ExitCode, Is.Zero, error);
    }

    // It may be that the authority is about to be installed: what was published waits.
    [Test]
    public async Task Publisher_AuthorityUnknown_KeepsWhatItHasAndSaysWhy()
    {
        using var logs = new CapturingLoggerProvider();
        using var factory = new LoggerFactory([logs]);
        var publisher = new PipelinePublisher(
            new PublisherOptions
            {
                Address = _address,
                CloseTimeout = TimeSpan.FromMilliseconds(200),
                FirstPause = TimeSpan.FromMilliseconds(10),
            },
            factory);
        var receipt = publisher.Run("bob", "t1", "r1").StartedAsync("writer");
        await using (publisher)
        {
            await Eventually.BecomesTrueAsync(
                () => logs.Logs.Any(static log => log.Message.Contains("certificate", StringComparison.Ordinal)), "it says why");
            Assert.That(receipt.IsCompleted, Is.False);
            Assert.That(publisher.Waiting, Is.EqualTo(1));
        }

        Assert.That(async () => await receipt, Throws.InstanceOf<PublisherException>());
    }

    [Test]
    public async Task Client_AuthorityUnknown_SaysWhyAndTriesAgain()
    {
        await using var page = new RecordingClient(_address, "bob");
        await page.WhenAsync(() => page.States.Count > 2, "it tries again");

        Assert.That(page.States.Select(static state => state.Status), Has.None.EqualTo(ClientStatus.Connected));
        Assert.That(page.States[^1].ToString(), Does.Contain("certificate").IgnoreCase);
    }

    private static bool IsOurs(object sender, X509Certificate? certificate, X509Chain? chain, System.Net.Security.SslPolicyErrors errors)
        => certificate?.GetCertHashString() == Listeners.Certificate.GetCertHashString();

    private Process StartPython(string authority) => Process.Start(
        new ProcessStartInfo("python3", [Repository.PathOf("tests/publishers/publish_snippet.py"), _address.ToString()])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            Environment = { ["SSL_CERT_FILE"] = authority },
        })!;
}
