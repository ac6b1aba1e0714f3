using static Microsoft.Playwright.Assertions;

namespace Netra.Pipeline.BrowserTests;

/// <summary>Spec D4 as a person sees it: what is not kept any longer when the page comes back, and why.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class GapTests() : PageTests(
    "Netra:Log:Sqlite:RetainedBytes=65536", "Netra:Log:Sqlite:MaxBytes=131072", "Netra:Streams:WindowEvents=16")
{
    [Test]
    public async Task ChatPage_AwayForLongerThanEventsAreKept_SaysWhichWillNotComeAndWhy()
    {
        using var backend = new Publisher(Server.Address, UserId);
        await backend.PublishAsync("agent_started", """{"agent_name":"backend"}""");
        await backend.PublishAsync("token", """{"delta":"Before"}""");
        var page = await ChatPage.OpenAsync(Context, Server.Address, UserId);
        var run = new RunCard(page.Runs);
        await Expect(run.Answer).ToHaveTextAsync("Before");
        await Context.SetOfflineAsync(true);
        await Expect(page.ConnectionState).ToContainTextAsync("Reconnecting");

        for (var i = 0; i < 60; i++)
        {
            await backend.PublishAsync("custom", $$"""{"name":"rows","value":"{{new string('x', 8000)}}"}""");
        }

        await backend.PublishAsync("token", """{"delta":" and after"}""");
        await Context.SetOfflineAsync(false);

        var gap = page.ErrorBanners.Filter(new() { HasText = "will not come: they are no longer kept" });
        await Expect(gap.First).ToBeVisibleAsync();
        await Expect(page.CaughtUp).Not.ToContainTextAsync("Nothing is missing");
        await Expect(run.Answer).ToHaveTextAsync("Before and after");
        await page.ShootAsync("gap");
        await backend.PublishAsync("agent_completed", """{"agent_name":"backend"}""");
        await Expect(run.Status).ToContainTextAsync("Done");
        await Expect(run.Answer).ToHaveTextAsync("Before and after");
    }
}
