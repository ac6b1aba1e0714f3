using static Microsoft.Playwright.Assertions;

namespace Netra.Pipeline.BrowserTests;

/// <summary>Runs of a backend in another process, as people see them: asked, answered, stopped and begun again.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class RemoteRunTests() : PageTests("Netra:Commands:CancelTimeout=00:00:10")
{

    private Publisher _backend = null!;

    [SetUp]
    public void MakeBackend() => _backend = new Publisher(Server.Address, UserId);

    [TearDown]
    public void DisposeBackend() => _backend.Dispose();

    [Test]
    public async Task ChatPage_RunBegunAgain_ShowsOnlyTheLastAttempt()
    {
        var page = await OpenAsync();
        await _backend.PublishAsync("agent_started", """{"agent_name":"backend"}""");
        await _backend.PublishAsync("tool_executing", """{"tool_name":"search","call_id":"c1"}""");
        await _backend.PublishAsync("token", """{"delta":"The first try"}""");
        var run = new RunCard(page.Runs);
        await Expect(run.Answer).ToContainTextAsync("The first try");

        await _backend.PublishAsync("agent_started", """{"agent_name":"backend","attempt":2}""", attempt: 2);
        await _backend.PublishAsync("token", """{"delta":" goes on"}""", attempt: 1);
        await _backend.PublishAsync("token", """{"delta":"The second try"}""", attempt: 2);

        await Expect(run.Answer).ToHaveTextAsync("The second try");
        await Expect(run.Attempt).ToHaveTextAsync("attempt 2");
        await Expect(run.ToolStatuses).ToHaveCountAsync(0);
        await _backend.PublishAsync("agent_completed", """{"agent_name":"backend"}""", attempt: 2);
        await Expect(run.Status).ToContainTextAsync("Done");
        var second = new RunCard((await OpenAsync()).Runs);
        await Expect(second.Answer).ToHaveTextAsync("The second try");
        await Expect(run.Missing).ToHaveCountAsync(0);
        await Expect(second.Missing).ToHaveCountAsync(0);
        await page.ShootAsync("second");
    }

    [Test]
    public async Task ChatPage_RunAsks_IsAnsweredOnOneDeviceAndShownOnAnother()
    {
        var (first, second) = (await OpenAsync(), await OpenAsync());
        var (here, there) = (new RunCard(first.Runs), new RunCard(second.Runs));
        await _backend.PublishAsync("agent_started", """{"agent_name":"backend"}""");
        await _backend.PublishAsync("tool_executing", """{"tool_name":"delete","call_id":"c1"}""");
        await _backend.PublishAsync(
            "run_waiting", """{"request_id":"q1","kind":"approval","prompt":"Delete the draft?","until":1,"call_id":"c1"}""");
        await Expect(here.Status).ToContainTextAsync("Waiting for your answer");
        await Expect(here.ToolStatuses).ToHaveTextAsync("waiting");
        await Expect(here.Requests).ToContainTextAsync("may come too late");
        await first.ShootAsync("asked");
        await Expect(there.Requests).ToContainTextAsync("Delete the draft?");

        await there.Answers.GetByText("Approve").ClickAsync();

        await Expect(here.Outcomes).ToHaveTextAsync($"Approved by {UserId}");
        await Expect(there.Outcomes).ToHaveTextAsync($"Approved by {UserId}");
        await Expect(here.Requests).ToHaveCountAsync(0);
        await Expect(here.ToolStatuses).ToHaveTextAsync("running");
        await _backend.PublishAsync("run_waiting", """{"request_id":"q2","kind":"choice","prompt":"Which?","options":["a","b"]}""");
        await _backend.PublishAsync("run_waiting", """{"request_id":"q3","kind":"text","prompt":"Why?"}""");
        await here.Answers.GetByText("b", new() { Exact = true }).ClickAsync();
        await Expect(there.Outcomes.Nth(1)).ToHaveTextAsync($"“b” by {UserId}");

        await _backend.PublishAsync("agent_completed", """{"agent_name":"backend"}""");
        await Expect(there.Outcomes.Nth(2)).ToHaveTextAsync("No longer needed");
        await Expect(here.Missing).ToHaveCountAsync(0);
        await Expect(first.ErrorBanners).ToHaveCountAsync(0);
        await first.ShootAsync("answered");
    }

    [Test]
    public async Task ChatPage_RemoteRunCancelled_ShowsAskedThenTakenThenCancelled()
    {
        var page = await OpenAsync();
        var run = new RunCard(page.Runs);
        await _backend.PublishAsync("agent_started", """{"agent_name":"backend"}""");
        await page.Cancel.ClickAsync();
        await Expect(page.Cancel).ToContainTextAsync("Asked to stop");
        await Expect(page.Cancel).ToBeFocusedAsync();
        await Expect(run.Expired).ToContainTextAsync("No backend has taken");
        await Expect(page.Cancel).ToBeEnabledAsync();
        await page.ShootAsync("expired");

        using var commands = await _backend.ReadCommandsAsync();
        await page.Cancel.ClickAsync();
        await Expect(page.Cancel).ToContainTextAsync("Asked to stop");
        await _backend.TakeAsync(await commands.NextAsync("cancel_run"));

        await Expect(page.Cancel).ToContainTextAsync("Stopping");
        await _backend.PublishAsync("agent_cancelled", """{"agent_name":"backend"}""");
        await Expect(run.Status).ToContainTextAsync("Cancelled after");
        await Expect(page.Cancel).ToHaveCountAsync(0);
        await Expect(page.ErrorBanners).ToHaveCountAsync(0);
    }

    [Test]
    public async Task ChatPage_MessageSent_IsOneBubbleOnEveryDeviceAboveItsAnswer()
    {
        var (first, second) = (await OpenAsync(), await OpenAsync());
        await first.AskAsync("What is 6 * 7?");
        await Expect(new RunCard(first.Runs).Status).ToContainTextAsync("Done");
        var later = await OpenAsync();
        await Expect(new RunCard(later.Runs).Status).ToContainTextAsync("Done");

        foreach (var page in new[] { first, second, later })
        {
            await Expect(page.Exchanges).ToHaveCountAsync(1);
            await Expect(page.Question("What is 6 * 7?")).ToHaveCountAsync(1);
        }
    }

    private async Task<ChatPage> OpenAsync()
    {
        var page = await ChatPage.OpenAsync(Context, Server.Address, UserId);
        await Expect(page.ConnectionState).ToContainTextAsync("Connected");
        return page;
    }
}
