using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Alerting.Notifiers;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Alerting.Notifiers;

/// <summary>API v2: against the real program, and what is sent to it over time.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class AlertmanagerNotifierTests
{
    [Test]
    public async Task Notify_RealAlertmanager_TakesGroupsAndResolves()
    {
        await using var hook = await Provider.StartAsync(isHttps: false);
        await using var alertmanager = await AlertmanagerProcess.StartAsync(hook.Address);
        using var http = new ChannelHttp(TimeProvider.System);
        var notifier = new AlertmanagerNotifier(
            Options.Create(new AlertmanagerOptions { Url = alertmanager.Address.ToString() }), http, TimeProvider.System);
        var begun = TimeProvider.System.GetUtcNow().AddSeconds(-10);

        await notifier.NotifyAsync(Sample.Of(NotificationKind.Trigger, begun), CancellationToken.None);
        await notifier.NotifyAsync(Sample.Of(NotificationKind.Escalate, begun, EscalationLevel.Engineering), CancellationToken.None);
        await notifier.NotifyAsync(
            Sample.Of(NotificationKind.Trigger, begun, severity: AlertSeverity.Low) with { IncidentKey = "other", RuleName = "latency" },
            CancellationToken.None);

        await Eventually.BecomesTrueAsync(
            async () => (await alertmanager.GetAsync("/api/v2/alerts")).GetArrayLength() == 3, "it has all three");
        var alert = (await alertmanager.GetAsync("/api/v2/alerts?filter=level=engineering")).EnumerateArray().Single();
        Assert.That(alert.GetProperty("labels").ToString(), Is.EqualTo(
            """{"alertname":"silent_failures","code":"silent_failure","incident":"silent_failures/2026-03-29","level":"""
            + "\"engineering\",\"severity\":\"critical\"}"));
        Assert.That(alert.GetProperty("annotations").GetProperty("summary").GetString(), Is.EqualTo("3 pages make no progress"));
        Assert.That(alert.GetProperty("startsAt").GetDateTimeOffset(), Is.EqualTo(begun).Within(TimeSpan.FromMilliseconds(1)));
        var groups = (await alertmanager.GetAsync("/api/v2/alerts/groups")).EnumerateArray().ToDictionary(
            static g => g.GetProperty("labels")
                .GetProperty("alertname")
                .GetString()!, static g => g.GetProperty("alerts")
                .GetArrayLength(), StringComparer.Ordinal);
        Assert.That(
            groups, Is.EquivalentTo(new Dictionary<string, int>(StringComparer.Ordinal) { ["silent_failures"] = 2, ["latency"] = 1 }));
        await Eventually.BecomesTrueAsync(
            () => Heard(hook, "firing", "silent_failures") >= 1 && Heard(hook, "firing", "latency") >= 1,
            "the receiver heard that they fire");

        await notifier.NotifyAsync(Sample.Of(NotificationKind.Acknowledge, begun), CancellationToken.None);
        await Eventually.BecomesTrueAsync(
            async () => (
                await alertmanager.GetAsync(
                    "/api/v2/alerts?filter=level=operations&filter=incident=" + Uri.EscapeDataString(Sample.Incident)))
                .EnumerateArray()
                    .Single()
                    .GetProperty("annotations")
                    .TryGetProperty("acknowledged_by", out var author) && author.GetString() == "grace",
            "it knows who has acknowledged it");

        await notifier.NotifyAsync(Sample.Of(NotificationKind.Resolve, begun), CancellationToken.None);
        await Eventually.BecomesTrueAsync(
            async () => (await alertmanager.GetAsync("/api/v2/alerts")).GetArrayLength() == 1, "the alerts of both levels are over");
        await Eventually.BecomesTrueAsync(() => Heard(hook, "resolved", "silent_failures") >= 1, "the receiver heard that they are over");
        Assert.That(Heard(hook, "resolved", "latency"), Is.Zero);
    }

    [Test]
    public async Task Refresh_Firing_IsToldAgainWithALaterEndUntilFiveMinutesAfterItIsOver()
    {
        var time = new TestTimeProvider();
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http(time);
        var notifier = NotifierOf(provider, http, time);

        await notifier.NotifyAsync(Sample.Of(NotificationKind.Trigger, time.GetUtcNow()), CancellationToken.None);
        time.Advance(TimeSpan.FromMinutes(1));
        await notifier.RefreshAsync(CancellationToken.None);
        await notifier.NotifyAsync(Sample.Of(NotificationKind.Resolve, time.GetUtcNow()), CancellationToken.None);
        time.Advance(TimeSpan.FromMinutes(4.9));
        await notifier.RefreshAsync(CancellationToken.None);
        time.Advance(TimeSpan.FromMinutes(0.2));
        await notifier.RefreshAsync(CancellationToken.None);

        var posts = provider.Posts;
        Assert.That(posts, Has.Count.EqualTo(4), "after five minutes there is nothing to tell");
        Assert.That(posts.Select(static p => p.Target), Is.All.EqualTo("POST /prefix/api/v2/alerts"));
        Assert.That(EndOf(posts[0]), Is.EqualTo(TestTimeProvider.Start.AddMinutes(4)).Within(TimeSpan.FromMilliseconds(1)));
        Assert.That(EndOf(posts[1]), Is.EqualTo(TestTimeProvider.Start.AddMinutes(5)).Within(TimeSpan.FromMilliseconds(1)));
        Assert.That(EndOf(posts[2]), Is.EqualTo(TestTimeProvider.Start.AddMinutes(1).AddSeconds(1)).Within(TimeSpan.FromMilliseconds(1)));
        Assert.That(EndOf(posts[3]), Is.EqualTo(EndOf(posts[2])), "over when it was over");
        Assert.That(notifier.Kept, Is.Zero);
    }

    [Test]
    public async Task Notify_WorseThanBefore_EndsTheAlertOfTheOldSeverity()
    {
        var time = new TestTimeProvider();
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http(time);
        var notifier = NotifierOf(provider, http, time);

        await notifier.NotifyAsync(
            Sample.Of(NotificationKind.Trigger, time.GetUtcNow(), severity: AlertSeverity.Medium), CancellationToken.None);
        await notifier.NotifyAsync(
            Sample.Of(NotificationKind.Trigger, time.GetUtcNow(), severity: AlertSeverity.Critical), CancellationToken.None);

        var alerts = provider.Posts[1].Json.EnumerateArray().ToDictionary(
            static a => a.GetProperty("labels")
                .GetProperty("severity")
                .GetString()!, static a => a.GetProperty("endsAt")
                .GetDateTimeOffset(), StringComparer.Ordinal);
        Assert.That(alerts["medium"], Is.EqualTo(time.GetUtcNow()).Within(TimeSpan.FromMilliseconds(1)));
        Assert.That(alerts["critical"], Is.GreaterThan(time.GetUtcNow()));
    }

    [Test]
    public async Task Notify_NotTakenNow_IsToldByTheNextRound()
    {
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http();
        var notifier = NotifierOf(provider, http, TimeProvider.System);
        provider.Answer(503);

        Assert.ThrowsAsync<NotificationFailedException>(
            () => notifier.NotifyAsync(Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start), CancellationToken.None));
        await notifier.RefreshAsync(CancellationToken.None);

        Assert.That(provider.Posts, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Notify_RefusedForGood_IsNotToldAgain()
    {
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http();
        var notifier = NotifierOf(provider, http, TimeProvider.System);
        provider.Answer(400);

        Assert.ThrowsAsync<NotificationFailedException>(
            () => notifier.NotifyAsync(Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start), CancellationToken.None));
        await notifier.RefreshAsync(CancellationToken.None);

        Assert.That(provider.Posts, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Notify_MoreAlertsThanAreKept_IsRefusedForNowAndNamesTheLimit()
    {
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http();
        var notifier = NotifierOf(provider, http, TimeProvider.System);
        for (var i = 0; i < 10; i++)
        {
            notifier.Restore(Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start) with { IncidentKey = $"{i}" });
        }

        var failure = Assert.ThrowsAsync<NotificationFailedException>(
            () => notifier.NotifyAsync(Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start), CancellationToken.None))!;
        await notifier.NotifyAsync(
            Sample.Of(NotificationKind.Escalate, TestTimeProvider.Start) with { IncidentKey = "3" }, CancellationToken.None);
        await notifier.RefreshAsync(CancellationToken.None);

        Assert.That(failure.Message, Does.Contain("at most 10 are (Netra:Alerting:Alertmanager:MaxAlerts)"));
        Assert.That(failure.IsPermanent, Is.False);
        Assert.That(provider.Posts[^1].Json.GetArrayLength(), Is.EqualTo(10));
    }

    [Test]
    public async Task Notify_ResolutionOfAnIncidentOfAnotherProcess_IsToldAllTheSame()
    {
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http();

        await NotifierOf(provider, http, TimeProvider.System).NotifyAsync(
            Sample.Of(NotificationKind.Resolve, TestTimeProvider.Start), CancellationToken.None);

        Assert.That(EndOf(provider.Posts[0]), Is.EqualTo(TestTimeProvider.Start.AddSeconds(1)).Within(TimeSpan.FromMilliseconds(1)));
    }

    [Test]
    public async Task Notify_LabelsThatPrometheusDoesNotAllow_AreRenamedAndOursWin()
    {
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http();
        var labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["netra.code"] = "a", ["1st"] = "b", ["severity"] = "mine" };

        await NotifierOf(provider, http, TimeProvider.System).NotifyAsync(
            Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start) with { Labels = labels }, CancellationToken.None);

        var sent = provider.Posts[0].Json[0].GetProperty("labels");
        Assert.That(
            (sent.GetProperty("netra_code").GetString(), sent.GetProperty("_1st").GetString(), sent.GetProperty("severity").GetString()),
            Is.EqualTo(("a", "b", "critical")));
    }

    private static AlertmanagerNotifier NotifierOf(Provider provider, ChannelHttp http, TimeProvider time)
        => new(
            Options.Create(new AlertmanagerOptions { Url = new Uri(provider.Address, "/prefix/").ToString(), MaxAlerts = 10 }), http, time);

    private static DateTimeOffset EndOf(Provider.Post post) => post.Json[0].GetProperty("endsAt").GetDateTimeOffset();

    private static int Heard(Provider hook, string status, string rule) => hook.Posts.Count(
        post => post.Json is var json
            && json.GetProperty("status")
                .GetString() == status && json.GetProperty("groupLabels")
                .GetProperty("alertname")
                .GetString() == rule);
}
