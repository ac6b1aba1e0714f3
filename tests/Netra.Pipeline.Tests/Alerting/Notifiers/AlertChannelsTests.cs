using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Alerting.Notifiers;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Alerting.Notifiers;

/// <summary>Which channels there are, and what is said of those that are configured wrongly.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class AlertChannelsTests
{
    private const string Key = "0123456789abcdef0123456789abcdef";
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Test]
    public async Task Channels_NothingConfigured_AreThoseOfTheHost()
    {
        await using var host = await PipelineHost.StartAsync(
            static builder => builder.Services.AddSingleton<INotifier>(new Pigeon("pigeon")));

        Assert.That(NamesOf(host), Is.EquivalentTo(new[] { "log", "pigeon" }));
    }

    [Test]
    public async Task Channels_AllConfigured_AreAllThere()
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings(
            "PagerDuty:RoutingKey", Key,
            "Slack:Url", "https://127.0.0.1/services/T0",
            "Webhook:Url", "https://127.0.0.1/",
            "Webhook:Secret", Secret,
            "Email:Host", "127.0.0.1",
            "Email:From", "netra@example.org",
            "Email:Recipients:0", "ada@example.org",
            "Alertmanager:Url", "http://127.0.0.1:9093"));

        Assert.That(NamesOf(host), Is.EquivalentTo(new[] { "log", "pagerduty", "slack", "webhook", "email", "alertmanager" }));
    }

    [Test]
    public void Channels_TwoOfOneName_KeepTheHostFromUsingThem()
    {
        var (app, _) = PipelineHost.Build(
            static builder => builder.Services.AddSingleton<INotifier>(new Pigeon("slack")), Settings(
                "Slack:Url", "https://127.0.0.1/services/T0"));

        var failure = Assert.Throws<InvalidOperationException>(() => app.Services.GetRequiredService<AlertChannels>())!;

        Assert.That(failure.Message, Is.EqualTo("Two alert channels are called slack: Pigeon and SlackNotifier."));
    }

    [Test]
    public async Task Refresh_RunningHost_TellsAlertmanagerInEachInterval()
    {
        var time = new TestTimeProvider();
        await using var provider = await Provider.StartAsync(isHttps: false);
        await using var host = await PipelineHost.StartAsync(
            settings: Settings("Alertmanager:Url", provider.Address.ToString()), time: time);
        var notifier = host.Services.GetRequiredService<AlertChannels>().All.OfType<AlertmanagerNotifier>().Single();
        notifier.Restore(Sample.Of(NotificationKind.Trigger, time.GetUtcNow()));

        await Eventually.BecomesTrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return provider.Posts.Count >= 2;
            },
            "it was told again");

        Assert.That(provider.Posts.Select(static p => p.Json.GetArrayLength()), Is.All.EqualTo(1));
    }

    [Test]
    public async Task Refresh_AlertmanagerIsAway_IsReportedAndGoesOn()
    {
        var time = new TestTimeProvider();
        await using var provider = await Provider.StartAsync(isHttps: false);

        // Time runs ahead of the answers, so that some may come too late.
        for (var i = 0; i < 1_000; i++)
        {
            provider.Answer(500);
        }

        await using var host = await PipelineHost.StartAsync(
            settings: Settings("Alertmanager:Url", provider.Address.ToString()), time: time);
        host.Services.GetRequiredService<AlertmanagerNotifier>().Restore(Sample.Of(NotificationKind.Trigger, time.GetUtcNow()));

        await Eventually.BecomesTrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return provider.Posts.Count >= 2
                    && host.Failures.Latest(100).Any(static f => f.Message.Contains("the answer was 500", StringComparison.Ordinal));
            },
            "it was reported, and tried again");
    }

    [TestCase("Netra:Alerting:PagerDuty:RoutingKey has 5 characters; it must be 32 letters and digits", "PagerDuty:RoutingKey", "s3cr3")]
    [TestCase("Netra:Alerting:PagerDuty:ManagementRoutingKey is given, but RoutingKey is missing", "PagerDuty:ManagementRoutingKey", Key)]
    [TestCase(
        "Netra:Alerting:PagerDuty:Url is not an absolute https URL, nor an http one of this machine",
        "PagerDuty:Url",
        "http://s3cr3.example.org/")]
    [TestCase("Netra:Alerting:PagerDuty:Source is ", "PagerDuty:Source", "")]
    [TestCase("Netra:Alerting:Slack:Url is not an absolute https URL", "Slack:Url", "http://s3cr3.example.org/services/T0")]
    [TestCase("Netra:Alerting:Webhook:Secret is missing", "Webhook:Url", "https://127.0.0.1/s3cr3")]
    [TestCase("Netra:Alerting:Webhook:Url is missing", "Webhook:Secret", Secret)]
    [TestCase("Netra:Alerting:Webhook:Secret must begin with whsec_", "Webhook:Url", "https://127.0.0.1/", "Webhook:Secret", "s3cr3")]
    [TestCase("Netra:Alerting:Webhook:Url is not an absolute http or https URL", "Webhook:Url", "ftp://s3cr3", "Webhook:Secret", Secret)]
    [TestCase("Netra:Alerting:Email:Port is 0; it must be between 1 and 65535", "Email:Port", "0")]
    [TestCase(
        "Netra:Alerting:Email:From is missing; it must be an e-mail address",
        "Email:Host",
        "127.0.0.1",
        "Email:Recipients:0",
        "ada@example.org")]
    [TestCase(
        "Netra:Alerting:Email:Recipients is empty; Host is given, and needs 1 to 100 of them",
        "Email:Host",
        "127.0.0.1",
        "Email:From",
        "netra@example.org")]
    [TestCase(
        "Netra:Alerting:Email:ExecutiveRecipients:0 is nobody; it must be an e-mail address", "Email:ExecutiveRecipients:0", "nobody")]
    [TestCase("Netra:Alerting:Email:UserName is missing", "Email:Password", "s3cr3")]
    [TestCase(
        "Netra:Alerting:Email:Security is None; with a password and another machine",
        "Email:Host",
        "example.org",
        "Email:Security",
        "None",
        "Email:UserName",
        "a",
        "Email:Password",
        "s3cr3")]
    [TestCase("Netra:Alerting:Alertmanager:Url is not an absolute http or https URL", "Alertmanager:Url", "s3cr3")]
    [TestCase("Netra:Alerting:Alertmanager:ResendInterval is 00:00:00", "Alertmanager:ResendInterval", "0")]
    [TestCase("Netra:Alerting:Alertmanager:MaxAlerts is 1; it must be between 10 and 10000", "Alertmanager:MaxAlerts", "1")]
    public void Host_InvalidOption_DoesNotStartAndSaysWhichOneWithoutSecrets(string problem, params string[] settings)
    {
        var (app, _) = PipelineHost.Build(settings: Settings(settings));

        var failure = Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync())!;

        Assert.That(failure.Message, Does.Contain(problem).And.Not.Contain("s3cr3").And.Not.Contain(Secret).And.Not.Contain(Key));
    }

    [Test]
    public void Host_SeveralChannelsAreWrong_SaysAllOfItAtOnce()
    {
        var (app, _) = PipelineHost.Build(
            settings: Settings("PagerDuty:RoutingKey", "x", "Slack:Url", "y", "Email:Port", "0", "Email:Host", "127.0.0.1"));

        var failure = Assert.CatchAsync(() => app.StartAsync())!;

        Assert.That(
            failure.ToString(),
            Does.Contain("PagerDuty:RoutingKey").And.Contain("Slack:Url").And.Contain("Email:Port").And.Contain("Email:From").And.Contain(
                "Email:Recipients"));
    }

    private static IEnumerable<string> NamesOf(PipelineHost host)
        => host.Services.GetRequiredService<AlertChannels>().All.Select(static channel => channel.Name);

    private static IEnumerable<(string, string)> Settings(params string[] settings)
        => settings.Chunk(2).Select(static pair => ($"Netra:Alerting:{pair[0]}", pair[1]));

    private sealed class Pigeon(string name) : INotifier
    {
        public string Name => name;

        public TimeSpan MinInterval => TimeSpan.Zero;

        public Task NotifyAsync(AlertNotification notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
