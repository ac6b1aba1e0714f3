using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Alerting.Notifiers;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Alerting.Notifiers;

/// <summary>Incoming webhooks, as Slack's reference has them.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class SlackNotifierTests
{
    [Test]
    public async Task Notify_Begun_PostsTextAndBlocks()
    {
        var post = await PostOfAsync(Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start));

        Assert.That(post.Target, Is.EqualTo("POST /services/T0/B0/secret"));
        Assert.That(post.Json.EnumerateObject().Select(static m => m.Name), Is.EqualTo(new[] { "text", "blocks" }));
        Assert.That(post.Json.GetProperty("text").GetString(), Is.EqualTo("🔴 FIRING: 3 pages make no progress"));
        var blocks = post.Json.GetProperty("blocks").EnumerateArray().ToList();
        Assert.That(blocks.Select(static b => b.GetProperty("type").GetString()), Is.EqualTo(new[] { "header", "section", "section" }));
        Assert.That(blocks[0].GetProperty("text").GetProperty("type").GetString(), Is.EqualTo("plain_text"));
        Assert.That(blocks[0].GetProperty("text").GetProperty("text").GetString(), Is.EqualTo("🔴 FIRING: 3 pages make no progress"));
        Assert.That(
            blocks[1].GetProperty("text").GetProperty("text").GetString(),
            Is.EqualTo("Pages are there &lt;but&gt; do nothing &amp; nobody sees it."));
        Assert.That(
            blocks[2].GetProperty("fields").EnumerateArray().Select(static f => f.GetProperty("text").GetString()),
            Is.EqualTo(new[]
            {
                "*Rule*\nsilent_failures", "*Severity*\ncritical", "*Level*\noperations", "*Since*\n2026-03-29T00:59:58.123Z",
            "*Value*\n3 (threshold 0)", "*Labels*\ncode=silent_failure",
            }));
    }

    [TestCase(NotificationKind.Escalate, "ESCALATED", null)]
    [TestCase(NotificationKind.Acknowledge, "ACKNOWLEDGED", "*Acknowledged by*\ngrace")]
    [TestCase(NotificationKind.Resolve, "RESOLVED", "*Until*\n2026-03-29T00:59:59.123Z")]
    public async Task Notify_LaterKinds_SayWhatHappened(NotificationKind kind, string status, string? fact)
    {
        var post = await PostOfAsync(Sample.Of(kind, TestTimeProvider.Start));

        Assert.That(post.Json.GetProperty("text").GetString(), Does.Contain(status));
        var facts = post.Json.GetProperty("blocks")[2]
            .GetProperty("fields")
            .EnumerateArray()
            .Select(static f => f.GetProperty("text").GetString())
            .ToList();
        Assert.That(fact is null || facts.Contains(fact), Is.True);
        Assert.That(facts, Has.Count.LessThanOrEqualTo(10), "a section takes ten");
    }

    [TestCase('x')]
    [TestCase('&')]
    public async Task Notify_TextsAboveTheLimits_AreCut(char letter)
    {
        var text = new string(letter, 10_000);
        var notification = Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start) with
        {
            Summary = text,
            Description = text,
            Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["code"] = text },
        };

        var blocks = (await PostOfAsync(notification)).Json.GetProperty("blocks");

        Assert.That(blocks[0].GetProperty("text").GetProperty("text").GetString(), Has.Length.LessThanOrEqualTo(150));
        Assert.That(blocks[1].GetProperty("text").GetProperty("text").GetString(), Has.Length.InRange(2_000, 3_000).And.EndsWith("…"));
        Assert.That(
            blocks[2].GetProperty("fields").EnumerateArray().Select(static f => f.GetProperty("text").GetString()!.Length),
            Is.All.LessThanOrEqualTo(2_000));
    }

    [Test]
    public async Task Notify_WithoutDescription_HasNoEmptySection()
    {
        var post = await PostOfAsync(Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start) with { Description = string.Empty });

        Assert.That(post.Json.GetProperty("blocks").GetArrayLength(), Is.EqualTo(2));
    }

    private static async Task<Provider.Post> PostOfAsync(AlertNotification notification)
    {
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http();
        provider.Answer(200, "ok");
        var notifier = new SlackNotifier(
            Options.Create(new SlackOptions { Url = new Uri(provider.Address, "/services/T0/B0/secret").ToString() }), http);
        await notifier.NotifyAsync(notification, CancellationToken.None);
        Assert.That(notifier.MinInterval, Is.EqualTo(TimeSpan.FromSeconds(1)));
        return provider.Posts.Single();
    }
}
