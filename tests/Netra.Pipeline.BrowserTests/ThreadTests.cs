using System.Text.Json;
using System.Text.RegularExpressions;
using static Microsoft.Playwright.Assertions;

namespace Netra.Pipeline.BrowserTests;

/// <summary>Spec R9 and W3: a user's threads, each with a view of its own, and what is written in them.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class ThreadTests : PageTests
{
    [Test]
    public async Task ChatPage_SeveralThreads_ShowsOneAndMarksWhatIsNewInTheOthers()
    {
        using var first = new Publisher(Server.Address, UserId, threadId: "t1");
        using var second = new Publisher(Server.Address, UserId, threadId: "t2");
        await AnswerAsync(first, "What is in the first?", "The first answer");
        var page = await ChatPage.OpenAsync(Context, Server.Address, UserId);
        var run = new RunCard(page.Runs);
        await Expect(run.Answer).ToHaveTextAsync("The first answer");
        await Expect(page.Title).ToHaveTextAsync("What is in the first?");
        await Expect(page.Thread("t1")).ToHaveAttributeAsync("aria-current", "page");
        await Expect(page.Thread("t1")).ToHaveAttributeAsync("data-unread", "false");

        await AnswerAsync(second, "What is in the second?", "The second answer");

        await Expect(page.Thread("t2")).ToHaveAttributeAsync("data-unread", "true");
        await Expect(page.Threads.First).ToContainTextAsync("What is in the second?");
        await Expect(page.Runs).ToHaveCountAsync(1);
        await Expect(run.Answer).ToHaveTextAsync("The first answer");
        await Expect(page.Browser).ToHaveTitleAsync(new Regex(@"^\(1\) What is in the first\?"));
        await page.ShootAsync("unread");
        await page.Composer.FillAsync("A draft in the first");
        await page.Thread("t2").ClickAsync();
        await Expect(run.Answer).ToHaveTextAsync("The second answer");
        await Expect(page.Runs).ToHaveCountAsync(1);
        await Expect(page.Thread("t2")).ToHaveAttributeAsync("data-unread", "false");
        await Expect(page.Composer).ToHaveValueAsync("");

        await page.Browser.ReloadAsync();
        await Expect(run.Answer).ToHaveTextAsync("The second answer");
        await Expect(page.Thread("t2")).ToHaveAttributeAsync("aria-current", "page");
        await page.Browser.GoBackAsync();
        await Expect(run.Answer).ToHaveTextAsync("The first answer");
        await Expect(page.Composer).ToHaveValueAsync("A draft in the first");

        await page.NewThread.ClickAsync();
        await Expect(page.Runs).ToHaveCountAsync(0);
        await page.AskAsync("What is 6 * 7?");
        await Expect(run.Answer).ToContainTextAsync("42");
        await Expect(page.Threads).ToHaveCountAsync(3);
        await Expect(page.Runs).ToHaveCountAsync(1);
    }

    // More than the page keeps in memory: what is read again comes from the server.
    [Test]
    public async Task ChatPage_MoreThreadsThanItKeeps_LoadsAnOldOneWhenItIsOpened()
    {
        using var oldest = new Publisher(Server.Address, UserId, threadId: "oldest");
        await AnswerAsync(oldest, "What is in the oldest?", "The oldest answer");
        using var publisher = new Publisher(Server.Address, UserId);
        await publisher.PublishAllAsync(Enumerable.Range(0, 120).Select(
            i => publisher.Event("agent_started", """{"agent_name":"backend"}""").Replace("t1", $"t-{i}", StringComparison.Ordinal)));
        var page = await ChatPage.OpenAsync(Context, Server.Address, UserId);
        await Expect(page.Threads).ToHaveCountAsync(121);

        await page.Thread("oldest").ClickAsync();

        var run = new RunCard(page.Runs);
        await Expect(run.Answer).ToHaveTextAsync("The oldest answer");
        await Expect(page.Question("What is in the oldest?")).ToHaveCountAsync(1);
        await oldest.PublishAsync("agent_started", """{"agent_name":"backend"}""", "r2");
        await oldest.PublishAsync("token", """{"delta":"And a later one"}""", "r2");
        await Expect(new RunCard(page.Runs.Last).Answer).ToHaveTextAsync("And a later one");
        await Expect(page.Runs).ToHaveCountAsync(2);
    }

    [Test]
    public async Task ChatPage_AnswerInMarkdown_IsShownAsWhatItMeans()
    {
        using var publisher = new Publisher(Server.Address, UserId);
        await publisher.PublishAsync("agent_started", """{"agent_name":"backend"}""");
        var page = await ChatPage.OpenAsync(Context, Server.Address, UserId);
        var answer = new RunCard(page.Runs).Answer;
        const string Text = """
            ## Found

            It has **three** parts: `sum()` and [the docs](https://example.org/docs).

            | Region | Sales |
            |:--|--:|
            | North | 1,204 |

            - [x] done

            ```python
            def total(values):
                return sum(values)  # all
            ```
            """;
        foreach (var delta in Text.Chunk(7))
        {
            await publisher.PublishAsync("token", JsonSerializer.Serialize(new { delta = new string(delta) }));
        }

        await Expect(answer.Locator("h5")).ToHaveTextAsync("Found");
        await Expect(answer.Locator("strong")).ToHaveTextAsync("three");
        await Expect(answer.Locator("p code")).ToHaveTextAsync("sum()");
        await Expect(answer.Locator("a")).ToHaveAttributeAsync("href", "https://example.org/docs");
        await Expect(answer.Locator("a")).ToHaveAttributeAsync("rel", new Regex("noopener"));
        await Expect(answer.Locator("td")).ToHaveTextAsync(["North", "1,204"]);
        await Expect(answer.Locator("pre")).ToHaveAttributeAsync("data-language", "python");
        await Expect(answer.Locator("pre .hljs-keyword")).ToHaveTextAsync(["def", "return"]);
        await Expect(answer.Locator("pre")).ToHaveTextAsync("def total(values):\n    return sum(values)  # all");
        await page.ShootAsync("answer");
    }

    [Test]
    public async Task ChatPage_HostileTextInEveryField_StaysText()
    {
        const string Evil = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script><svg onload=window.hacked=1>\"'`${1}";
        const string EvilMarkdown = $"""
            {Evil}

            [a](javascript:window.hacked=1) <a href="javascript:window.hacked=1">b</a> ![c](javascript:window.hacked=1)
            ![d](https://evil.invalid/?secret)
            [e]( data:text/html,x) <javascript:window.hacked=1> [f](/v1/session) [g][h]

            | {Evil} |
            |--|
            | {Evil} |

            ```html" onload="window.hacked=1
            {Evil}
            ```

            [h]: javascript:window.hacked=1
            """;
        using var publisher = new Publisher(Server.Address, UserId);
        var page = await ChatPage.OpenAsync(Context, Server.Address, UserId);
        var requests = new List<string>();
        page.Browser.Request += (_, request) => requests.Add(request.Url);
        await PublishAsync("agent_started", new { agent_name = Evil, metadata = new { question = Evil } });
        await PublishAsync("custom", new { name = Evil, value = Evil });
        await PublishAsync("agent_thinking", new { thought = Evil });
        await PublishAsync("thinking_delta", new { delta = Evil + new string('x', 300), thought_id = Evil });
        await PublishAsync("tool_executing", new { tool_name = Evil, call_id = Evil, arguments = new { a = Evil } });
        var error = new { code = Evil, message = Evil };
        await PublishAsync("tool_completed", new { tool_name = Evil, call_id = Evil, status = "failed", result = Evil, error });
        await PublishAsync("tool_executing", new { tool_name = "ref", call_id = "c2" });
        var reference = new { url = "javascript:window.hacked=1", media_type = Evil, bytes = 1 };
        await PublishAsync("tool_completed", new { tool_name = "ref", call_id = "c2", result_ref = reference });
        await PublishAsync("token", new { delta = EvilMarkdown });
        await PublishAsync("run_waiting", new { request_id = Evil, kind = "choice", prompt = Evil, options = new[] { Evil, "b" } });
        await Expect(new RunCard(page.Runs).Answers.First).ToHaveTextAsync(Evil);
        await Expect(new RunCard(page.Runs).Answer.Locator("table")).ToHaveCountAsync(1);
        await page.ShootAsync("asked");
        await PublishAsync("agent_failed", new { agent_name = Evil, error });
        await Expect(new RunCard(page.Runs).Status).ToContainTextAsync("Failed");

        Assert.That(await page.Browser.EvaluateAsync<bool>("() => window.hacked === undefined"));
        var hrefs = await page.Browser.EvaluateAsync<string[]>(
            "() => [...document.querySelectorAll('main a[href]')].map((link) => link.getAttribute('href'))");
        Assert.That(hrefs, Is.EqualTo(new[] { "https://evil.invalid/?secret" }));
        await Expect(page.Browser.Locator("main :is(script, img, iframe, svg[onload], [onerror])")).ToHaveCountAsync(0);
        Assert.That(requests, Has.None.Contains("evil.invalid"), "what an answer names is not loaded");

        Task PublishAsync(string type, object data) => publisher.PublishAsync(type, JsonSerializer.Serialize(data));
    }

    private static async Task AnswerAsync(Publisher publisher, string question, string answer)
    {
        var started = new { agent_name = "backend", metadata = new { question } };
        await publisher.PublishAsync("agent_started", JsonSerializer.Serialize(started));
        await publisher.PublishAsync("token", JsonSerializer.Serialize(new { delta = answer }));
        await publisher.PublishAsync("agent_completed", """{"agent_name":"backend"}""");
    }
}
