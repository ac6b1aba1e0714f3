using static Microsoft.Playwright.Assertions;

namespace Netra.Pipeline.BrowserTests;

/// <summary>Spec D4, D6 and C4 as a person sees them: whatever happens to page, network or server, each word is there, and once.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class UnsteadyTests() : PageTests(
    "Netra:Connections:PingInterval=00:00:02", "Netra:Connections:PingTimeout=00:00:02", "Netra:Connections:FrozenTimeout=00:00:02")
{

    private Publisher _backend = null!;

    [SetUp]
    public void MakeBackend() => _backend = new Publisher(Server.Address, UserId);

    [TearDown]
    public void DisposeBackend() => _backend.Dispose();

    [Test]
    public async Task ChatPage_ServerKilledInMidRun_ShowsEachWordOnce()
    {
        var (page, run) = await BeginAsync();
        await SayAsync(1, 20);
        await Expect(run.Answer).ToHaveTextAsync(Words(20));
        var address = Server.Address;
        for (var killed = 1; killed <= 2; killed++)
        {
            await Server.DisposeAsync();
            await Expect(page.ConnectionState).ToContainTextAsync("Reconnecting");
            await StartServerAsync(address);
            await SayAsync(20 * killed + 1, 20 * killed + 20);
        }

        await EndAsync(page, run, 60);
        await Expect(page.Interruptions).ToHaveCountAsync(1);
    }

    [Test]
    public async Task ChatPage_OfflineInMidRun_ShowsEachWordOnceAndSaysWhatCameLate()
    {
        var (page, run) = await BeginAsync();
        await SayAsync(1, 20);
        await Expect(run.Answer).ToHaveTextAsync(Words(20));

        await Context.SetOfflineAsync(true);
        await Expect(page.ConnectionState).ToContainTextAsync("Reconnecting");
        await SayAsync(21, 40);
        await page.ShootAsync("offline");
        await Expect(run.Answer).ToHaveTextAsync(Words(20));
        await Context.SetOfflineAsync(false);

        await Expect(page.CaughtUp).ToContainTextAsync("20 events");
        await page.ShootAsync("caught-up");
        await EndAsync(page, run, 40);
    }

    [Test]
    public async Task ChatPage_ReloadedInMidRun_ShowsEachWordOnceAndKeepsWhatWasTyped()
    {
        var (page, run) = await BeginAsync();
        await SayAsync(1, 20);
        await Expect(run.Answer).ToHaveTextAsync(Words(20));
        await page.Composer.FillAsync("What I am typing");
        await _backend.PublishAsync("run_waiting", """{"request_id":"q1","kind":"text","prompt":"Why?"}""");
        await run.TextAnswer.FillAsync("Because");

        await page.Browser.ReloadAsync();

        await Expect(run.Answer).ToHaveTextAsync(Words(20));
        await Expect(page.Composer).ToHaveValueAsync("What I am typing");
        await Expect(run.TextAnswer).ToHaveValueAsync("Because");
        await SayAsync(21, 40);
        await EndAsync(page, run, 40);
    }

    [Test]
    public async Task ChatPage_FrozenInMidRun_ShowsEachWordOnceWhenItIsThawed()
    {
        var (page, run) = await BeginAsync();
        var frames = page.RecordFrames();
        await SayAsync(1, 20);
        await Expect(run.Answer).ToHaveTextAsync(Words(20));
        var browser = await Context.NewCDPSessionAsync(page.Browser);

        await browser.SendAsync("Debugger.enable");
        await browser.SendAsync("Debugger.pause");
        await SayAsync(21, 40);
        await Server.WaitForLogAsync("unresponsive");
        await browser.SendAsync("Debugger.disable");

        await EndAsync(page, run, 40);
        Assert.That(frames.Sockets, Is.EqualTo(1), "it has come back on another one");
    }

    [Test]
    public async Task ChatPage_RunFallsSilent_SaysSoAtRunAndToolUntilItSpeaksAgain()
    {
        var (page, run) = await BeginAsync("""{"agent_name":"backend","lease_ms":6000}""");
        await _backend.PublishAsync("tool_executing", """{"tool_name":"search","call_id":"c1"}""");

        await Expect(run.Stalled).ToContainTextAsync("Nothing has been heard");
        await Expect(run.ToolStatuses).ToHaveTextAsync("stalled");
        await Expect(page.Announcement).ToContainTextAsync("Nothing is heard of backend");
        await page.ShootAsync("stalled");
        await _backend.PublishAsync("tool_completed", """{"tool_name":"search","call_id":"c1"}""");

        await Expect(run.ToolStatuses).ToHaveTextAsync("ok");
        await EndAsync(page, run, 0);
        await Expect(page.Announcement).ToContainTextAsync("backend is done");
    }

    /// <summary>A page that shows a run.</summary>
    private async Task<(ChatPage Page, RunCard Run)> BeginAsync(string started = """{"agent_name":"backend"}""")
    {
        await _backend.PublishAsync("agent_started", started);
        var page = await ChatPage.OpenAsync(Context, Server.Address, UserId);
        await Expect(page.ConnectionState).ToContainTextAsync("Connected");
        return (page, new RunCard(page.Runs));
    }

    private Task SayAsync(int from, int to) => _backend.PublishAllAsync(
        Enumerable.Range(from, to - from + 1).Select(i => _backend.Event("token", $$"""{"delta":" w{{i}}"}""")));

    private async Task EndAsync(ChatPage page, RunCard run, int words)
    {
        await _backend.PublishAsync("agent_completed", """{"agent_name":"backend"}""");
        await Expect(run.Status).ToContainTextAsync("Done");
        await Expect(run.Answer).ToHaveTextAsync(words == 0 ? [] : [Words(words)]);
        await Expect(run.Missing).ToHaveCountAsync(0);
        await Expect(page.Runs).ToHaveCountAsync(1);
        await Expect(page.ErrorBanners).ToHaveCountAsync(0);
        await Expect(page.ConnectionState).ToContainTextAsync("Connected");
    }

    private static string Words(int count) => string.Join(' ', Enumerable.Range(1, count).Select(static i => $"w{i}"));
}
