using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Verify;

/// <summary>Spec T1: the acceptance run, against a real server and against others.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class VerifyTests
{
    private static readonly string[] Names = ["lifecycle events", "isolation", "overhead", "wiring", "completeness", "monitoring"];

    [Test]
    public async Task Verify_RealServer_PassesAllThatTheServerHas()
    {
        var folder = Directory.CreateTempSubdirectory("netra-verify-");
        try
        {
            await using var server = ServerProcess.Start("Development", $"--Netra:DataDirectory={folder.FullName}");
            var url = $"http://127.0.0.1:{await server.WhenListeningAsync()}";

            var (exitCode, checks) = await LoadProgram.VerifyAsync("--url", url, "--events", "100", "--max-receipt-ms", "5000");

            Assert.That(checks.Keys, Is.EqualTo(Names));
            Assert.That(checks.Where(static check => !check.Value.HasPassed), Is.Empty, server.Output);
            Assert.That(checks["lifecycle events"], Is.EqualTo((true, "5 of 5 published, received in order and acknowledged")));
            Assert.That(checks["isolation"], Is.EqualTo((true, "22 events of one user, none of them seen by the other")));
            Assert.That(
                checks["overhead"].Detail,
                Does.Match(@"^100 events: receipts \d+\.\d ms on average, p99 .*; publish to receive p50 .* ms, p99 .* ms"));
            Assert.That(
                checks["completeness"],
                Is.EqualTo((true, "102 events over a socket that was cut at 33: none lost, none doubled, unaccounted 0")));
            Assert.That(exitCode, Is.Zero, "6 of 6");
            Assert.That(server.Critical, Is.Empty);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [TestCase("lifecycle events", "agent_started was acknowledged, but its trace says pending", "trace", "--timeout-s", "5")]
    [TestCase("lifecycle events", "not done within 2 s (--timeout-s)", "lost", "--timeout-s", "2")]
    [TestCase("isolation", "both pages are of one user: give tokens of two (--user-token, --other-user-token)", "user", "--timeout-s", "5")]
    [TestCase("overhead", "; a receipt may take 20 ms on average (--max-receipt-ms)", "slow", "--max-receipt-ms", "20", "--timeout-s", "5")]
    [TestCase("wiring", "/health says degraded: nothing has been measured", "unmonitored", "--timeout-s", "5")]
    [TestCase("monitoring", "/monitoring/websocket/metrics/users does not list verify-", "figures", "--timeout-s", "5")]
    [TestCase("completeness", "the server did not resume at ", "resume", "--timeout-s", "5")]
    [TestCase("completeness", "the ledger does not add up: GET /v1/ledger", "ledger", "--timeout-s", "5")]
    public async Task Verify_ServerWithAFault_FailsTheCheckThatIsThereForIt(
        string check, string problem, string fault, params string[] options)
    {
        await using var host = await PipelineHost.StartAsync(
            kestrel: static options => options.Listen(IPAddress.Loopback, 0),
            map: app => app.Use((HttpContext context, RequestDelegate next) => FaultyServer.AnswerAsync(fault, context, next)));

        var (exitCode, checks) = await LoadProgram.VerifyAsync(["--url", host.HttpAddress.ToString(), "--events", "10", .. options]);

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(checks[check].HasPassed, Is.False);
        Assert.That(checks[check].Detail, Does.Contain(problem));
    }

    [Test]
    public async Task Verify_NobodyListens_FailsEveryCheckAndSaysWhy()
    {
        using var closed = new ClosedPort();
        var (exitCode, checks) = await LoadProgram.VerifyAsync("--url", closed.Address.ToString(), "--timeout-s", "5");

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(checks.Keys, Is.EqualTo(Names));
        Assert.That(checks.Values.Select(static check => check.HasPassed), Is.All.False);
        Assert.That(
            checks.Where(static check => check.Key != "monitoring").Select(static check => check.Value.Detail), Is.All.Contain("refused"));
    }

    [Test]
    public async Task Verify_Table_SaysHowManyOfSix()
    {
        using var closed = new ClosedPort();
        var url = closed.Address.ToString();

        var (exitCode, output, _) = await LoadProgram.RunAsync("verify", "--url", url, "--timeout-s", "5");

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(output, Does.Contain($"0 of 6 at {url}").And.Contain("FAILED").And.Not.Contain("\e["), "no colours in a file");
    }

    [TestCase("--url must be an absolute http or https URL", "--url", "localhost")]
    [TestCase("--url", "--events", "20")]
    [TestCase("--events is 3; it must be between 10 and 100000", "--url", "http://127.0.0.1:1", "--events", "3")]
    [TestCase("--timeout-s is 0; it must be between 1 and 3600", "--url", "http://127.0.0.1:1", "--timeout-s", "0")]
    public async Task Verify_InvalidOption_SaysWhichOne(string problem, params string[] arguments)
    {
        var (exitCode, _, error) = await LoadProgram.RunAsync(["verify", .. arguments]);

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.Contain(problem));
    }
}
