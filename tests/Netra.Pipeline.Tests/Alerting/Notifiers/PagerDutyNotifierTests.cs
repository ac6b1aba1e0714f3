using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Alerting.Notifiers;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Alerting.Notifiers;

/// <summary>Events API v2, as its reference has it.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class PagerDutyNotifierTests
{
    private const string Key = "0123456789abcdef0123456789abcdef";
    private const string ManagementKey = "fedcba9876543210fedcba9876543210";

    [TestCase(NotificationKind.Trigger)]
    [TestCase(NotificationKind.Escalate)]
    public async Task Notify_Begun_TriggersWithAllThatIsKnown(NotificationKind kind)
    {
        var post = await PostOfAsync(Sample.Of(kind, TestTimeProvider.Start, EscalationLevel.Engineering));

        Assert.That(post.Target, Is.EqualTo("POST /v2/enqueue"));
        Assert.That(post.Body, Is.EqualTo(
            "{\"routing_key\":\"" + Key + "\",\"event_action\":\"trigger\",\"dedup_key\":\"silent_failures/2026-03-29\","
                + "\"client\":\"Netra.Pipeline\","
            + "\"payload\":{\"summary\":\"3 pages make no progress\",\"source\":\"host-1\",\"severity\":\"critical\","
                + "\"timestamp\":\"2026-03-29T00:59:58.123Z\","
            + "\"component\":\"netra-pipeline\",\"class\":\"silent_failures\",\"custom_details\":{"
                + "\"description\":\"Pages are there \\u003Cbut\\u003E do nothing \\u0026 nobody sees it.\","
            + "\"level\":\"engineering\",\"severity\":\"critical\",\"value\":3,\"threshold\":0,"
            + "\"labels\":{\"code\":\"silent_failure\"}}}}"));
    }

    [TestCase(NotificationKind.Acknowledge, "acknowledge")]
    [TestCase(NotificationKind.Resolve, "resolve")]
    public async Task Notify_AcknowledgedOrOver_NamesTheIncidentAlone(NotificationKind kind, string action)
    {
        var post = await PostOfAsync(Sample.Of(kind, TestTimeProvider.Start));

        Assert.That(
            post.Body,
            Is.EqualTo(
                "{\"routing_key\":\"" + Key + "\",\"event_action\":\"" + action + "\",\"dedup_key\":\"silent_failures/2026-03-29\"}"));
    }

    [TestCase(AlertSeverity.Low, "info")]
    [TestCase(AlertSeverity.Medium, "warning")]
    [TestCase(AlertSeverity.High, "error")]
    [TestCase(AlertSeverity.Critical, "critical")]
    public async Task Notify_EachSeverity_HasItsCounterpart(AlertSeverity severity, string expected)
    {
        var post = await PostOfAsync(Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start, severity: severity));

        Assert.That(post.Json.GetProperty("payload").GetProperty("severity").GetString(), Is.EqualTo(expected));
    }

    [TestCase(EscalationLevel.Operations, Key)]
    [TestCase(EscalationLevel.Engineering, Key)]
    [TestCase(EscalationLevel.Management, ManagementKey)]
    [TestCase(EscalationLevel.Executive, Key)]
    public async Task Notify_LevelWithAKeyOfItsOwn_TellsItsService(EscalationLevel level, string expected)
    {
        var post = await PostOfAsync(Sample.Of(NotificationKind.Escalate, TestTimeProvider.Start, level));

        Assert.That(post.Json.GetProperty("routing_key").GetString(), Is.EqualTo(expected));
    }

    [Test]
    public async Task Notify_SummaryAboveTheLimit_IsCut()
    {
        var notification = Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start) with { Summary = new string('x', 5_000) };

        var summary = (await PostOfAsync(notification)).Json.GetProperty("payload").GetProperty("summary").GetString();

        Assert.That(summary, Is.EqualTo(new string('x', 1_023) + "…"));
    }

    [Test]
    public async Task Notify_EventAboveTheLimit_LeavesTheDetailsOutAndSaysSo()
    {
        var notification = Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start) with { Description = new string('x', 600_000) };

        var post = await PostOfAsync(notification);

        Assert.That(post.Body, Has.Length.LessThan(512_000));
        var payload = post.Json.GetProperty("payload");
        Assert.That(payload.GetProperty("summary").GetString(), Is.EqualTo("3 pages make no progress"));
        Assert.That(payload.GetProperty("custom_details").GetProperty("error").GetString(), Does.Contain("512000 are taken"));
        Assert.That(payload.GetProperty("custom_details").EnumerateObject().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task Notify_ValueThatIsNoNumber_IsToldAsText()
    {
        var notification = Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start) with { Value = double.NaN, Threshold = null };

        var details = (await PostOfAsync(notification)).Json.GetProperty("payload").GetProperty("custom_details");

        Assert.That(details.GetProperty("value").GetString(), Is.EqualTo("NaN"));
        Assert.That(details.GetProperty("threshold").ValueKind, Is.EqualTo(System.Text.Json.JsonValueKind.Null));
    }

    [Test]
    public async Task Notify_InvalidEvent_IsRefusedForGoodWithoutTheKey()
    {
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http();
        provider.Answer(400, $$"""{"status":"invalid event","errors":["'routing_key' {{Key}} is unknown"]}""");

        var failure = Assert.ThrowsAsync<NotificationFailedException>(
            () => NotifierOf(provider, http).NotifyAsync(
                Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start), CancellationToken.None))!;

        Assert.That(failure.IsPermanent, Is.True);
        Assert.That(failure.Message, Does.Contain("invalid event").And.Not.Contain(Key));
    }

    private static async Task<Provider.Post> PostOfAsync(AlertNotification notification)
    {
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http();
        await NotifierOf(provider, http).NotifyAsync(notification, CancellationToken.None);
        return provider.Posts.Single();
    }

    private static PagerDutyNotifier NotifierOf(Provider provider, ChannelHttp http) => new(
        Options.Create(new PagerDutyOptions
        {
            RoutingKey = Key,
            ManagementRoutingKey = ManagementKey,
            Source = "host-1",
            Url = new Uri(provider.Address, "/v2/enqueue").ToString(),
        }),
        http);
}
