using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Edge;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Edge;

/// <summary>Which hosts a request may name, at both doors and on the routes.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class HostTests
{
    private static readonly string[] Good =
        ["localhost", "LOCALHOST:1", "127.0.0.1:5080", "127.9.8.7", "[::1]", "[::1]:5080", "[::ffff:127.0.0.1]"];

    private static readonly string[] Bad =
    [
        "evil.example", "evil.example:5080", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[::2]", "[2001:db8::1]:80",
        "localhost.", "0.0.0.0", "127.0.0.1:x", "127.0.0.1:99999", "evil.example@127.0.0.1",
    ];

    [Test]
    public async Task Development_AnyHost_AdmitsThisMachinesNamesAlone()
    {
        await using var doors = await BothDoors.OpenAsync();
        foreach (var host in Good)
        {
            Assert.That(await StatusesAsync(doors, BothDoors.Handshake(host)), Is.EqualTo((int[])[101, 101]), host);
            Assert.That(
                await StatusesAsync(doors, BothDoors.Request("GET", "/v1/threads?user_id=ada", host)), Is.EqualTo((int[])[200, 200]), host);
        }

        foreach (var host in Bad)
        {
            foreach (var answer in await doors.AskBothAsync(BothDoors.Handshake(host)))
            {
                // Kestrel refuses what is no host itself.
                Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "host_not_allowed")).Or.EqualTo((400, (string?)null)), host);
            }
        }

        var refused = await doors.AskBothAsync(BothDoors.Request("POST", "/v1/events", "evil.example"));
        Assert.That(refused.Select(static answer => answer.Code), Is.All.EqualTo("host_not_allowed"));
        Assert.That(refused[0].Text, Does.Contain("evil.example").And.Contains("AllowedHosts"));
        Assert.That(
            doors.Host.Logs.Logs.Where(static line => line.EventId.Id is EventIds.HandshakeDenied or EventIds.StrangerDenied),
            Has.Some.Matches<CapturedLog>(static line => line.Message.Contains("evil.example")));
    }

    [Test]
    public async Task Development_HostThatIsListedByName_IsAdmitted()
    {
        await using var doors = await BothDoors.OpenAsync([("AllowedHosts", "*;dev.example")]);

        Assert.That(await StatusesAsync(doors, BothDoors.Handshake("dev.example:5080")), Is.EqualTo((int[])[101, 101]));
        Assert.That(await StatusesAsync(doors, BothDoors.Handshake("evil.example")), Is.EqualTo((int[])[400, 400]));
    }

    [Test]
    public async Task Http10_WithoutAHost_IsServed()
    {
        await using var host = await PipelineHost.StartAsync();

        var answer = await BothDoors.AskAsync(host.Port, "GET /v1/threads?user_id=ada HTTP/1.0\r\n\r\n");

        Assert.That(answer!.Status, Is.EqualTo(200));
    }

    [TestCase("chat.example.com;*.netra.example", "chat.example.com", true)]
    [TestCase("chat.example.com;*.netra.example", "CHAT.example.com:443", true)]
    [TestCase("chat.example.com;*.netra.example", "a.netra.example", true)]
    [TestCase("chat.example.com;*.netra.example", "netra.example", false)]
    [TestCase("chat.example.com;*.netra.example", "localhost", false)]
    [TestCase("*", "anything.example", true)]
    [TestCase("", "anything.example", true)]
    public async Task Production_AnyHost_IsThoseOfAllowedHosts(string allowed, string host, bool isAdmitted)
    {
        await using var doors = await BothDoors.OpenAsync([("AllowedHosts", allowed)], "Production");

        Assert.That(
            await StatusesAsync(doors, BothDoors.Handshake(host)), Is.EqualTo(isAdmitted ? (int[])[101, 101] : [400, 400]));
        Assert.That(
            await StatusesAsync(doors, BothDoors.Request("GET", "/livez", host)), Is.EqualTo(isAdmitted ? (int[])[200, 200] : [400, 400]));
    }

    [TestCase("a.example", "a.example", null)]
    [TestCase("[::1]:80", "[::1]", 80)]
    [TestCase("a:", "a", null)]
    [TestCase("", null, null)]
    [TestCase(":80", null, null)]
    [TestCase("::1", null, null)]
    [TestCase("[::1", null, null)]
    [TestCase("[::1]x", null, null)]
    [TestCase("a b", null, null)]
    [TestCase("a,b", null, null)]
    [TestCase("a/b", null, null)]
    [TestCase("ä.example", null, null)]
    [TestCase("a:+1", null, null)]
    public void Authority_AnyText_IsReadStrictly(string text, string? host, int? port)
    {
        Assert.That(Authority.TryParse(text, out var authority), Is.EqualTo(host is not null));
        Assert.That((authority.Host, authority.Port), Is.EqualTo((host, port)));
    }

    private static async Task<int[]> StatusesAsync(BothDoors doors, string request)
        => [.. (await doors.AskBothAsync(request)).Select(static answer => answer.Status)];
}
