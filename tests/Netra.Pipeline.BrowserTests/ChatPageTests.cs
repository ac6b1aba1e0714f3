using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Netra.Pipeline.BrowserTests;

/// <summary>The chat page against the real server and its demo agent, in a real browser.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed partial class ChatPageTests : PageTests
{
    [Test]
    public async Task ChatPage_QuestionAsked_ShowsRunToItsEnd()
    {
        var page = await OpenAsync();
        await page.AskAsync("What is (17 + 25) * 3?");

        await Expect(page.Question("What is (17 + 25) * 3?")).ToBeVisibleAsync();
        var run = new RunCard(page.Runs);
        await Expect(run.Status).ToHaveTextAsync(DoneStatus());
        await page.ShootAsync("done");
        await Expect(page.Runs).ToHaveCountAsync(1);
        await Expect(run.Thoughts.First).Not.ToBeEmptyAsync();
        await Expect(run.ToolStatuses.First).ToHaveTextAsync("ok");
        await Expect(run.ToolDurations.First).ToHaveTextAsync(Duration());
        await Expect(run.Answer).Not.ToBeEmptyAsync();
        await Expect(page.ErrorBanners).ToHaveCountAsync(0);
    }

    [Test]
    public async Task ChatPage_BigResultRefusedAndEventsAfterTheEnd_SaysAtTheToolWhyAndNothingElse()
    {
        var page = await OpenAsync();
        using var http = new HttpClient { BaseAddress = Server.Address };
        await PublishAsync("agent_started", """{"agent_name":"backend"}""");
        await PublishAsync("tool_executing", """{"tool_name":"search","call_id":"c1"}""");
        var run = new RunCard(page.Runs);
        await Expect(run.ToolStatuses).ToHaveTextAsync("running");

        await PublishAsync("tool_completed", $$"""{"tool_name":"search","call_id":"c1","result":"{{new string('x', 300 * 1024)}}"}""");
        await Expect(run.ToolErrors).ToContainTextAsync("too large");
        await PublishAsync("agent_completed", """{"agent_name":"backend"}""");
        await Expect(run.Status).ToHaveTextAsync(DoneStatus());
        for (var i = 0; i < 50; i++)
        {
            await PublishAsync("token", """{"delta":"late"}""");
        }

        await Expect(run.ToolStatuses).ToHaveTextAsync("failed");
        await Expect(run.ToolErrors).ToHaveCountAsync(1);
        await Expect(run.LostResults).ToHaveCountAsync(0);
        await Expect(run.Errors).ToHaveCountAsync(0);
        await Expect(page.ErrorBanners).ToHaveCountAsync(0);
        await page.ShootAsync("lost-result");

        async Task PublishAsync(string type, string data)
        {
            using var content = new StringContent(
                $$"""{"user_id":"{{UserId}}","thread_id":"t1","run_id":"r1","type":"{{type}}","data":{{data}}}""",
                System.Text.Encoding.UTF8,
                "application/json");
            using var response = await http.PostAsync(new Uri("/v1/events", UriKind.Relative), content);
        }
    }

    [Test]
    public async Task ChatPage_ToolFails_ShowsTheFailure()
    {
        var page = await OpenAsync();
        await page.AskAsync("What is 1/0?");

        var run = new RunCard(page.Runs);
        await Expect(run.ToolStatuses.Filter(new() { HasText = "failed" }).First).ToBeVisibleAsync();
        await Expect(run.ToolErrors.First).ToContainTextAsync(DivisionByZero());
        await Expect(run.Status).Not.ToHaveTextAsync("Running");
        await page.ShootAsync("failed");
    }

    [Test]
    public async Task ChatPage_ServerKilledAndRestarted_ReconnectsAndSaysSo()
    {
        var page = await OpenAsync();
        await page.AskAsync("What is 2 + 2?");
        await Expect(new RunCard(page.Runs).Status).ToHaveTextAsync(DoneStatus());
        var address = Server.Address;

        await Server.DisposeAsync();
        await Expect(page.ConnectionState).ToContainTextAsync("Reconnecting");
        await page.ShootAsync("reconnecting");
        await StartServerAsync(address);
        await Expect(page.ConnectionState).ToContainTextAsync("Connected");
        await page.ShootAsync("reconnected");

        await page.AskAsync("What is 3 + 3?");
        await Expect(page.Question("What is 3 + 3?")).ToBeVisibleAsync();
        await Expect(new RunCard(page.Runs.Last).Answer).ToContainTextAsync("6");
        await Expect(new RunCard(page.Runs.Last).Status).ToHaveTextAsync(DoneStatus());
    }

    [Test]
    public async Task ChatPage_SecondTabOfSameUser_SeesTheSameRun()
    {
        var first = await OpenAsync();
        var second = await OpenAsync();
        await first.AskAsync("What is 6 * 7?");

        await Expect(second.Question("What is 6 * 7?")).ToBeVisibleAsync();
        await Expect(new RunCard(second.Runs).Status).ToHaveTextAsync(DoneStatus());
        await Expect(new RunCard(first.Runs).Status).ToHaveTextAsync(DoneStatus());
        var answer = await new RunCard(first.Runs).Answer.InnerTextAsync();
        await Expect(new RunCard(second.Runs).Answer).ToHaveTextAsync(answer, new() { UseInnerText = true });
        await Expect(first.Question("What is 6 * 7?")).ToHaveCountAsync(1);
        await Expect(second.Question("What is 6 * 7?")).ToHaveCountAsync(1);
        await second.ShootAsync("second-tab");
    }

    [Test]
    public async Task ChatPage_RunCancelled_ShowsCancelled()
    {
        var page = await OpenAsync();
        await page.AskAsync("Count slowly to 100");
        var run = new RunCard(page.Runs);
        await Expect(run.Answer).ToContainTextAsync("2");

        await page.Cancel.ClickAsync();

        await Expect(run.Status).ToContainTextAsync("Cancelled after");
        await page.ShootAsync("cancelled");
        await Expect(run.Answer).Not.ToContainTextAsync("100");
        await Expect(page.Cancel).ToHaveCountAsync(0);
        await Expect(page.ErrorBanners).ToHaveCountAsync(0);
    }

    [Test]
    public async Task ChatPage_DemoAsksFirst_IsApprovedOnAnotherDevice()
    {
        await using var phone = await Browser.NewContextAsync(new() { ViewportSize = new() { Width = 390, Height = 844 } });
        var (first, second) = (await OpenAsync(), await OpenAsync(phone));
        await first.AskAsync("Delete the draft");
        var (here, there) = (new RunCard(first.Runs), new RunCard(second.Runs));
        await Expect(here.Requests).ToContainTextAsync("Delete the draft?");
        await Expect(there.Requests).ToContainTextAsync("Delete the draft?");
        await Expect(here.ToolStatuses).ToHaveTextAsync("waiting");
        await Expect(here.Answers).ToHaveTextAsync(["Approve", "Decline"]);
        await first.ShootAsync("asked");
        await second.ShootAsync("asked-phone");

        await there.Answers.GetByText("Approve").ClickAsync();

        foreach (var run in new[] { here, there })
        {
            await Expect(run.Outcomes).ToHaveTextAsync($"Approved by {UserId}");
            await Expect(run.ToolStatuses).ToHaveTextAsync("ok");
            await Expect(run.Status).ToHaveTextAsync(DoneStatus());
            await Expect(run.Answer).ToContainTextAsync("I deleted the draft");
            await Expect(run.Requests).ToHaveCountAsync(0);
        }

        await first.ShootAsync("done");
        await second.ShootAsync("done-phone");
    }

    [Test]
    public async Task ChatPage_ServerKilledWhileTheDemoAsks_GoesOnWithTheAnswer()
    {
        var page = await OpenAsync();
        await page.AskAsync("Delete the draft");
        var run = new RunCard(page.Runs);
        await Expect(run.Requests).ToBeVisibleAsync();

        // A page is shown an event while it is being stored. What is published after it is answered once both are.
        using var other = new Publisher(Server.Address, "other");
        await other.PublishAsync("agent_started", """{"agent_name":"backend"}""");
        var address = Server.Address;
        await Server.DisposeAsync();
        await Expect(page.ConnectionState).ToContainTextAsync("Reconnecting");
        await page.ShootAsync("away");
        await StartServerAsync(address);
        await Expect(page.ConnectionState).ToContainTextAsync("Connected");
        await page.ShootAsync("asked");

        await run.Answers.GetByText("Approve").ClickAsync();

        await Expect(run.Status).ToHaveTextAsync(DoneStatus());
        await Expect(run.Attempt).ToHaveTextAsync("attempt 2");
        await Expect(run.ToolStatuses).ToHaveTextAsync("ok");
        await Expect(run.Answer).ToContainTextAsync($"I deleted the draft: {UserId} has approved it.");
        await Expect(run.Missing).ToHaveCountAsync(0);
        await page.ShootAsync("done");
    }

    private async Task<ChatPage> OpenAsync(IBrowserContext? context = null)
    {
        var page = await ChatPage.OpenAsync(context ?? Context, Server.Address, UserId);
        await Expect(page.ConnectionState).ToContainTextAsync("Connected");
        return page;
    }

    [GeneratedRegex(@"^Done in \d")]
    private static partial Regex DoneStatus();

    [GeneratedRegex(@"^\d+(\.\d)? (ms|s)$")]
    private static partial Regex Duration();

    [GeneratedRegex("zero", RegexOptions.IgnoreCase)]
    private static partial Regex DivisionByZero();
}
