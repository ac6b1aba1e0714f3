using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Security;

namespace Netra.Pipeline.Tests.Server.CommandLine;

/// <summary>The command beside the real server process, outside of Development.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class KeysCommandTests
{
    [Test]
    public async Task Keys_MadeAndRevokedBesideARunningServer_CountWithinSeconds()
    {
        await using var folder = new ServerFolder();
        var data = folder.Argument;
        var first = await ServerProcess.PrintedByAsync("keys", "create", "--name", "first", "--scope", "publish", data);
        await using var server = ServerProcess.Start("Production", data);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{await server.WhenReadyAsync()}") };
        Assert.That(await PublishAsync(http, first), Is.EqualTo(HttpStatusCode.Accepted));

        var second = await ServerProcess.PrintedByAsync(
            "keys", "create", "--name", "first", "--scope", "publish", "--users", "a*", "--days", "30", data);
        await Eventually.BecomesTrueAsync(async () => await PublishAsync(http, second) == HttpStatusCode.Accepted, "the new key counts");
        await ServerProcess.PrintedByAsync("keys", "revoke", ApiKey.IdOf(first)!, data);
        await Eventually.BecomesTrueAsync(
            async () => await PublishAsync(http, first) == HttpStatusCode.Unauthorized, "the old one does not");
        Assert.That(await PublishAsync(http, second), Is.EqualTo(HttpStatusCode.Accepted));

        var list = await ServerProcess.PrintedByAsync("keys", "list", data);
        Assert.That(list, Does.Contain(ApiKey.IdOf(first)).And.Contain("revoked").And.Contain(ApiKey.IdOf(second)).And.Contain("a*"));
        Assert.That(list, Does.Not.Contain(first).And.Not.Contain(second));
        Assert.That(server.Output, Does.Not.Contain(first).And.Not.Contain(second), "no log shows a key");
    }

    [TestCase("--name: the name", "keys", "create", "--name", "x y", "--scope", "publish")]
    [TestCase("--scope is 'all'", "keys", "create", "--name", "x", "--scope", "all")]
    [TestCase("--users: 'a*b'", "keys", "create", "--name", "x", "--scope", "publish", "--users", "a*b")]
    [TestCase("--days is 0", "keys", "create", "--name", "x", "--scope", "publish", "--days", "0")]
    [TestCase("no key of that id", "keys", "revoke", "nothing")]
    public async Task Keys_AskedForBadly_SayWhatIsWrongInOneLine(string problem, params string[] arguments)
    {
        await using var folder = new ServerFolder();
        await using var program = ServerProcess.Run([.. arguments, folder.Argument]);

        var (exitCode, output) = await program.WhenExitedAsync();

        Assert.That(exitCode, Is.EqualTo(1), output);
        Assert.That(output.Trim(), Does.Contain(problem).And.Not.Contain("\n"));
    }

    private static async Task<HttpStatusCode> PublishAsync(HttpClient http, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events")
        {
            Content = new StringContent(SecureClient.EventOf("ada"), Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await http.SendAsync(request);
        return response.StatusCode;
    }
}
