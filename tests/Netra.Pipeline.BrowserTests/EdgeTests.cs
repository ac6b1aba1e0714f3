using static Microsoft.Playwright.Assertions;

namespace Netra.Pipeline.BrowserTests;

/// <summary>
/// Spec X3 in a real browser: the page under its content security policy and under a prefix; and what pages of other origins can do.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class EdgeTests() : PageTests("Netra:Http:PathBase=/netra")
{
    // Everything that a page could try: what each came to, by name.
    private const string Try = """
        async ([server, user]) => {
          const within = (promise) => Promise.race([promise, new Promise((_, no) => setTimeout(() => no(new Error('late')), 30000))]);
          const result = async (attempt) => { try { return await within(attempt()); } catch (e) { return 'refused'; } };
          let opened = {};
          return {
            socket: await result(() => new Promise((yes, no) => {
              const socket = new WebSocket(server.replace('http', 'ws') + 'ws?user_id=' + user, 'netra.v1');
              socket.onmessage = (m) => { yes(JSON.parse(m.data).type); socket.close(); };
              socket.onerror = no;
            })),
            stream: await result(() => new Promise((yes, no) => {
              const stream = new EventSource(server + 'v1/stream?user_id=' + user);
              stream.onmessage = (m) => { opened = JSON.parse(m.data); yes(opened.type); };
              stream.onerror = (e) => { stream.close(); no(e); };
            })),
            post: await result(async () => (await fetch(server + `v1/stream/${opened.connection_id}/messages?post_key=${opened.post_key}`, {
              method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: 'Bearer x' }, body: '{"type":"ack","seq":0}',
            })).status),
            threads: await result(async () => (await fetch(server + 'v1/threads?user_id=' + user)).status),
            publish: await result(async () => (await fetch(server + 'v1/events', { method: 'POST', body: '{}' })).status),
            blind: await result(async () => (await fetch(
              server + 'monitoring/websocket/emergency/health-check', { method: 'POST', mode: 'no-cors' })).type),
          };
        }
        """;

    [TestCase("/")]
    [TestCase("/netra/")]
    [TestCase("/netra")]
    public async Task ChatPage_UnderItsPolicy_ShowsARunAndViolatesNothing(string path)
        => await ShouldShowARunAsync(new Uri(Server.Address, path));

    [Test]
    public async Task ChatPage_BehindAProxyThatStripsThePrefix_ShowsARun()
    {
        await using var relay = new PrefixRelay(Server.Address, "/elsewhere/chat");

        await ShouldShowARunAsync(relay.Address);
    }

    [Test]
    public async Task Page_OfAnotherOrigin_GetsNothing()
    {
        await using var other = new OtherOrigin();

        var came = await TryAsync(other, Server.Address);

        Assert.That(came.Remove("blind", out var blind) && blind == "opaque", "it is sent, and the browser says nothing of the answer");
        Assert.That(came.Values, Is.All.EqualTo("refused"));
        await Server.WaitForLogAsync("origin_not_allowed");
        await Server.WaitForLogAsync(other.Origin);
    }

    [Test]
    public async Task Page_OfAnotherOriginThatIsListed_Works()
    {
        await using var other = new OtherOrigin();
        var data = Directory.CreateTempSubdirectory("netra-browser-tests-");
        await using (var server = await ServerProcess.StartAsync(data.FullName, null, $"Netra:Http:AllowedOrigins:0={other.Origin}"))
        {
            var came = await TryAsync(other, server.Address);

            Assert.That(came["socket"], Is.EqualTo("welcome"));
            Assert.That(came["stream"], Is.EqualTo("welcome"));
            Assert.That(came["post"], Is.EqualTo("204"));
            Assert.That(came["threads"], Is.EqualTo("200"));
            Assert.That(came["publish"], Is.EqualTo("refused"), "publishing is for no page of another origin to read");
        }

        data.Delete(recursive: true);
    }

    private async Task ShouldShowARunAsync(Uri address)
    {
        var page = await Context.NewPageAsync();
        var complaints = new List<string>();
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                complaints.Add(message.Text);
            }
        };
        page.PageError += (_, error) => complaints.Add(error);
        await page.GotoAsync($"{address}?user_id={UserId}");
        var chat = new ChatPage(page);
        await chat.AskAsync("What is (17 + 25) * 3?");
        var run = new RunCard(chat.Runs);
        await Expect(run.Answer).ToContainTextAsync("126");
        await Expect(chat.ConnectionFallback).ToHaveCountAsync(0);
        Assert.That(complaints, Is.Empty);
    }

    private async Task<Dictionary<string, string>> TryAsync(OtherOrigin origin, Uri server)
    {
        var page = await Context.NewPageAsync();
        await page.GotoAsync(origin.Origin);
        var came = await page.EvaluateAsync<Dictionary<string, object>>(Try, new[] { server.AbsoluteUri, UserId });
        return came.ToDictionary(static attempt => attempt.Key, static attempt => $"{attempt.Value}");
    }
}
