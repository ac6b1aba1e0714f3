using Netra.Pipeline.Tests.Edge;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server;

/// <summary>What the real server tells browsers about its pages and answers.</summary>
[TestFixture]
internal sealed class PageHeadersTests
{
    [Test]
    public async Task Answer_OfAnyKind_SaysWhatItMayLoadAndThatNobodyFramesIt()
    {
        await using var folder = new ServerFolder();
        await using var server = ServerProcess.Start("Development", folder.Argument, "--Netra:Http:PathBase=/netra");
        var port = await server.WhenReadyAsync();
        foreach (var path in (string[])["/", "/netra/", "/nothing", "/v1/threads", "/v1/ledger"])
        {
            var answer = (await BothDoors.AskAsync(port, BothDoors.Request("GET", path)))!;

            Assert.That(answer.Header("Content-Security-Policy"), Does.Contain("script-src 'self'").And.Contains("frame-ancestors 'none'"));
            Assert.That(answer.Header("Content-Security-Policy"), Does.Not.Contain("unsafe").And.Not.Contains("data:"));
            Assert.That(answer.Header("X-Frame-Options"), Is.EqualTo("DENY"));
            Assert.That(answer.Header("X-Content-Type-Options"), Is.EqualTo("nosniff"));
            Assert.That(answer.Header("Referrer-Policy"), Is.EqualTo("no-referrer"));
        }

        foreach (var path in (string[])["/", "/nothing", "/readyz"])
        {
            var answer = (await BothDoors.AskAsync(port, BothDoors.Request("GET", path, "evil.example")))!;
            Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "host_not_allowed")));
        }

        var foreign = await BothDoors.AskAsync(port, BothDoors.Request("POST", "/nothing", fields: "Sec-Fetch-Site: cross-site\r\n"));
        Assert.That(foreign!.Code, Is.EqualTo("origin_not_allowed"));
    }
}
