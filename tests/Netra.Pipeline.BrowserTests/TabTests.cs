using static Microsoft.Playwright.Assertions;

namespace Netra.Pipeline.BrowserTests;

/// <summary>Spec D7 and W3: twenty tabs of one browser, and networks that let no WebSocket through for a while.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class TabTests : PageTests
{
    private const int Tabs = 20;

    [Test]
    public async Task ChatPage_InTwentyTabs_EachShowsTheRunAndCanAsk()
    {
        var tabs = await OpenTabsAsync(Server.Address);

        await ShouldAllShowAndAskAsync(tabs);
    }

    [Test]
    public async Task ChatPage_WebSocketsBlockedAndThenAllowed_ShowsTheRunOverTheFallbackAndGoesBack()
    {
        await using var network = new PrefixRelay(Server.Address, "") { RefusesWebSockets = true };
        using var backend = new Publisher(Server.Address, UserId);
        await backend.PublishAsync("agent_started", """{"agent_name":"backend"}""");
        var page = await ChatPage.OpenAsync(Context, network.Address, UserId);
        await Expect(page.ConnectionFallback).ToBeVisibleAsync();
        await backend.PublishAsync("token", """{"delta":"Over the fallback"}""");
        var run = new RunCard(page.Runs);
        await Expect(run.Answer).ToContainTextAsync("Over the fallback");

        network.RefusesWebSockets = false;
        // Another network, for all that the page knows.
        await Context.SetOfflineAsync(true);
        await Expect(page.ConnectionState).ToContainTextAsync("Reconnecting");
        await Context.SetOfflineAsync(false);

        await Expect(page.ConnectionFallback).ToHaveCountAsync(0);
        await Expect(page.ConnectionState).ToContainTextAsync("Connected");
        await backend.PublishAsync("token", """{"delta":", and over a WebSocket"}""");
        await backend.PublishAsync("agent_completed", """{"agent_name":"backend"}""");
        await Expect(run.Status).ToContainTextAsync("Done");
        await Expect(run.Answer).ToHaveTextAsync("Over the fallback, and over a WebSocket");
        await Expect(run.Missing).ToHaveCountAsync(0);
        await Expect(page.ErrorBanners).ToHaveCountAsync(0);
    }

    private Task<ChatPage[]> OpenTabsAsync(Uri server)
        => Task.WhenAll(Enumerable.Range(0, Tabs).Select(_ => ChatPage.OpenAsync(Context, server, UserId)));

    private async Task ShouldAllShowAndAskAsync(ChatPage[] tabs)
    {
        using var backend = new Publisher(Server.Address, UserId);
        await backend.PublishAsync("agent_started", """{"agent_name":"backend"}""");
        await backend.PublishAllAsync(Enumerable.Range(1, 50).Select(i => backend.Event("token", $$"""{"delta":" w{{i}}"}""")));
        await backend.PublishAsync("agent_completed", """{"agent_name":"backend"}""");
        var answer = string.Join(' ', Enumerable.Range(1, 50).Select(static i => $"w{i}"));
        foreach (var tab in tabs)
        {
            // Only the tab in front is painted.
            await tab.Browser.BringToFrontAsync();
            await Expect(tab.ConnectionState).ToContainTextAsync("Connected");
            await Expect(new RunCard(tab.Runs).Answer).ToHaveTextAsync(answer);
            await Expect(tab.ErrorBanners).ToHaveCountAsync(0);
        }

        await tabs[^1].AskAsync("What is 6 * 7?");
        await tabs[0].Browser.BringToFrontAsync();
        await Expect(new RunCard(tabs[0].Runs.Last).Answer).ToContainTextAsync("42");
        await Expect(tabs[0].Question("What is 6 * 7?")).ToHaveCountAsync(1);
    }
}
