using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server;

/// <summary>The real server process, started with what it cannot start with.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class StartFailuresTests
{
    [Test]
    public async Task Server_SeveralOptionsInvalid_ExitsWithEveryReason()
    {
        var (exitCode, output) = await RunAsync(
            "Development",
            "--Netra:Connections:QueueFrames=1",
            "--Netra:Streams:MaxEventBytes=7",
            "--Netra:Connections:PingInterval=00:00:00");

        Assert.That(exitCode, Is.EqualTo(1), output);
        Assert.That(
            output, Does.Contain("did not start").And.Contain("QueueFrames").And.Contain("MaxEventBytes").And.Contain("PingInterval"));
        Assert.That(
            output[output.IndexOf("did not start", StringComparison.Ordinal)..],
            Does.Not.Contain("   at "),
            "a reason is a sentence, not a stack trace");
    }

    [Test]
    public async Task Server_QueueSmallerThanLargestEvent_ExitsNamingBothValues()
    {
        var (exitCode, output) = await RunAsync(
            "Development", "--Netra:Connections:QueueBytes=16384", "--Netra:Streams:MaxEventBytes=65536");

        Assert.That(exitCode, Is.EqualTo(1), output);
        Assert.That(output, Does.Contain("16384").And.Contain("MaxEventBytes"));
    }

    [Test]
    public async Task Server_OutsideDevelopmentWithoutAuthenticator_RefusesToStart()
    {
        var (exitCode, output) = await RunAsync("Production");

        Assert.That(exitCode, Is.EqualTo(1), output);
        Assert.That(output, Does.Contain("Netra:Authentication:Audience").And.Contain("keys create"), "it says what to set");
    }

    [Test]
    public async Task Server_PortTaken_ExitsSayingSo()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;

        var (exitCode, output) = await RunAsync("Development", $"--urls=http://127.0.0.1:{port}");

        Assert.That(exitCode, Is.EqualTo(1), output);
        Assert.That(output, Does.Contain(port.ToString()).And.Contain("already in use"));
    }

    [Test]
    public async Task Server_UrlWithUnknownHost_ExitsNamingIt()
    {
        var (exitCode, output) = await RunAsync("Development", "--urls=http://example.invalid:5080");

        Assert.That(exitCode, Is.EqualTo(1), output);
        Assert.That(output, Does.Contain("example.invalid"));
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string environment, params string[] arguments)
    {
        // A folder of its own: tests run in parallel, and a folder belongs to one server.
        var folder = Directory.CreateTempSubdirectory("netra-start-");
        try
        {
            await using var server = ServerProcess.Start(environment, [$"--Netra:DataDirectory={folder.FullName}", .. arguments]);
            return await server.WhenExitedAsync();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
