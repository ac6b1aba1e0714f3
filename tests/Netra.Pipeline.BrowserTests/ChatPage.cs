using Microsoft.Playwright;

namespace Netra.Pipeline.BrowserTests;

/// <summary>The chat page as a person uses it; locators by the test ids the page promises.</summary>
internal sealed class ChatPage(IPage page)
{
    public ILocator ConnectionState => page.GetByTestId("connection-state");

    /// <summary>What the header says while events come by another way than a WebSocket.</summary>
    public ILocator ConnectionFallback => page.GetByTestId("connection-fallback");

    public ILocator Runs => page.GetByTestId("run");

    /// <summary>Each a question with its run, or one of both alone.</summary>
    public ILocator Exchanges => page.Locator("article");

    public ILocator ErrorBanners => page.GetByTestId("error-banner");

    public ILocator Cancel => page.GetByTestId("composer-cancel");

    public ILocator Composer => page.GetByTestId("composer-input");

    /// <summary>The view in which somebody signs in, alone on the page or above a conversation.</summary>
    public ILocator SignIn => page.GetByTestId("sign-in");

    /// <summary>Why somebody has to sign in again.</summary>
    public ILocator SignInReason => page.GetByTestId("sign-in-reason");

    /// <summary>Why signing in was refused.</summary>
    public ILocator SignInProblem => page.GetByTestId("sign-in-problem");

    /// <summary>The way to the provider.</summary>
    public ILocator SignInAtProvider => page.GetByTestId("sign-in-openid");

    /// <summary>The provider's page, while the browser is there.</summary>
    public ILocator AtProvider => page.Locator("form");

    /// <summary>Who is signed in.</summary>
    public ILocator User => page.GetByTestId("user-id");

    public ILocator SignOut => page.GetByTestId("sign-out");

    public static Task<ChatPage> OpenAsync(IBrowserContext context, Uri server, string userId)
        => OpenAsync(context, new Uri(server, $"/?user_id={Uri.EscapeDataString(userId)}"));

    public static async Task<ChatPage> OpenAsync(IBrowserContext context, Uri address)
    {
        var page = await context.NewPageAsync();
        await page.GotoAsync(address.AbsoluteUri);
        return new ChatPage(page);
    }

    /// <summary>Signs in with the keyboard alone, from the field for the user on.</summary>
    public async Task SignInAsync(string userId, string key)
    {
        await SignIn.GetByLabel("User").FillAsync(userId);
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync(key);
        await page.Keyboard.PressAsync("Enter");
    }

    /// <summary>What the page gets on the WebSockets that it opens from now on.</summary>
    public WebSocketFrames RecordFrames() => new(page);

    public async Task AskAsync(string question)
    {
        await page.GetByTestId("composer-input").FillAsync(question);
        await page.GetByTestId("composer-send").ClickAsync();
    }

    /// <summary>What the thread on the screen is called.</summary>
    public ILocator Title => page.GetByTestId("thread-title");

    /// <summary>The entries of the list of threads.</summary>
    public ILocator Threads => page.GetByTestId("thread");

    public ILocator NewThread => page.GetByTestId("thread-new");

    /// <summary>The entry of one thread.</summary>
    public ILocator Thread(string threadId) => page.Locator($"[data-thread-id='{threadId}']");

    /// <summary>What the page says after it has missed something.</summary>
    public ILocator CaughtUp => page.GetByTestId("caught-up");

    /// <summary>Where the server has ended without saying goodbye.</summary>
    public ILocator Interruptions => page.GetByTestId("interruption");

    /// <summary>What leads to the threads on a phone.</summary>
    public ILocator Menu => page.GetByTestId("menu");

    /// <summary>What is read aloud.</summary>
    public ILocator Announcement => page.GetByTestId("announcement");

    public IPage Browser => page;

    /// <summary>The question as the page shows it, whoever has asked it.</summary>
    public ILocator Question(string text) => page.GetByTestId("question").Filter(new LocatorFilterOptions { HasText = text });

    public Task<LongTaskRecorder> RecordLongTasksAsync() => LongTaskRecorder.StartAsync(page);

    /// <summary>Takes a picture into artifacts/screenshots, named after the test and <paramref name="moment"/>.</summary>
    public Task ShootAsync(string moment)
    {
        var name = $"{TestContext.CurrentContext.Test.MethodName}-{moment}.png";
        return page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(RepositoryPaths.Screenshots, name) });
    }
}
